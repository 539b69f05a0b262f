// The process that has a device's memory and runs its kernels, seen from the driver.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>

class Engine {
public:
	// What may be asked; engine/main.go has the same list.
	enum Op : uint64_t { ALLOC = 1, FREE, UPLOAD, DOWNLOAD, COPY, LOAD, LAUNCH };

	// start runs the program spikebook-fakecuda-engine of the library's own folder.
	bool start();
	~Engine();

	// ask sends a request and waits for the answer: the result as a driver gives
	// it, a value, and text or data in reply.
	int ask(Op op, uint64_t a, uint64_t b, uint64_t c, const std::string &payload, uint64_t *value, std::string *reply);

private:
	bool send(const void *data, size_t size);
	bool receive(void *data, size_t size);

	int socket_ = -1;
	pid_t process_ = 0;
};
