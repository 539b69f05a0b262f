//go:build !linux

package main

import "errors"

func unshare() (status int, ended bool) { return 0, false }

func mounts() bool { return false }

func mountMemory(string, int) error { return errors.ErrUnsupported }
