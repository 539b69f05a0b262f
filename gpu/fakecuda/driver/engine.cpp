#include "engine.h"

#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static std::string program() {
	Dl_info library;
	dladdr((void *)program, &library);
	std::string path = library.dli_fname;
	return path.substr(0, path.rfind('/') + 1) + "spikebook-fakecuda-engine";
}

bool Engine::start() {
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return false;
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 0);
	std::string path = program();
	char *arguments[] = {path.data(), nullptr};
	int error = posix_spawn(&process_, path.c_str(), &actions, nullptr, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	socket_ = ends[0];
	if (error != 0) {
		fprintf(stderr, "fakecuda: %s: %s; `make test-gpu` builds it\n", path.c_str(), strerror(error));
		process_ = 0;
	}
	return error == 0;
}

// The engine ends when its socket does.
Engine::~Engine() {
	if (socket_ >= 0) close(socket_);
	if (process_ > 0) waitpid(process_, nullptr, 0);
}

bool Engine::send(const void *data, size_t size) {
	for (auto at = (const char *)data; size > 0;) {
		ssize_t n = ::send(socket_, at, size, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR) continue;
		if (n <= 0) return false;
		at += n, size -= n;
	}
	return true;
}

bool Engine::receive(void *data, size_t size) {
	for (auto at = (char *)data; size > 0;) {
		ssize_t n = recv(socket_, at, size, 0);
		if (n < 0 && errno == EINTR) continue;
		if (n <= 0) return false;
		at += n, size -= n;
	}
	return true;
}

int Engine::ask(Op op, uint64_t a, uint64_t b, uint64_t c, const std::string &payload, uint64_t *value, std::string *reply) {
	const int UNKNOWN = 999;
	uint64_t request[5] = {op, a, b, c, payload.size()}, answer[3]; // result, value, size of the reply
	if (!send(request, sizeof request) || !send(payload.data(), payload.size()) || !receive(answer, sizeof answer)) return UNKNOWN;
	std::string text(answer[2], 0);
	if (!receive(text.data(), text.size())) return UNKNOWN;
	if (value) *value = answer[1];
	if (reply) *reply = std::move(text);
	return (int)answer[0];
}
