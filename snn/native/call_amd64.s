//go:build linux

#include "textflag.h"

// func call(code uintptr, frame *Frame, bytes int)
TEXT ·call(SB), NOSPLIT, $8-24
	MOVQ code+0(FP), AX
	MOVQ frame+8(FP), DI
	MOVQ bytes+16(FP), DX
	CALL AX
	RET

// func fence()
TEXT ·fence(SB), NOSPLIT, $0-0
	SFENCE
	RET
