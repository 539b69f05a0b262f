// The functions about memory and streams.
#include "driver.h"

#include <cstring>

extern "C" {

int cuStreamCreate(Stream **stream, unsigned flags) {
	Call call("cuStreamCreate", Call::CONTEXT);
	if (call.result) return call.result;
	if (flags > 1) return INVALID_VALUE;
	*stream = new Stream{flags == 0, {}};
	call.context->streams.insert(*stream);
	return SUCCESS;
}

int cuStreamSynchronize(Stream *stream) {
	Call call("cuStreamSynchronize", Call::CONTEXT);
	if (call.result) return call.result;
	if (!call.context->streams.count(stream)) return INVALID_HANDLE;
	return call.context->drain(stream);
}

int cuStreamDestroy_v2(Stream *stream) {
	Call call("cuStreamDestroy_v2", Call::CONTEXT);
	if (call.result) return call.result;
	if (!call.context->streams.erase(stream)) return INVALID_HANDLE;
	int result = call.context->drain(stream);
	delete stream;
	return result;
}

int cuMemGetInfo_v2(size_t *free, size_t *total) {
	Call call("cuMemGetInfo_v2", Call::CONTEXT);
	if (call.result) return call.result;
	*total = setting("FAKECUDA_MEMORY", 1l << 30);
	*free = *total - call.context->used;
	return SUCCESS;
}

int cuMemAlloc_v2(uint64_t *at, size_t bytes) {
	Call call("cuMemAlloc_v2", Call::CONTEXT);
	if (call.result) return call.result;
	Context *c = call.context;
	size_t total = setting("FAKECUDA_MEMORY", 1l << 30);
	if (bytes == 0) return INVALID_VALUE;
	if (bytes > total - c->used) return OUT_OF_MEMORY;
	if (int result = c->engine.ask(Engine::ALLOC, bytes, 0, 0, "", at, nullptr)) return result;
	c->memory[*at] = bytes;
	c->used += bytes;
	return SUCCESS;
}

// It does not wait for kernels that may be using the memory.
int cuMemFree_v2(uint64_t at) {
	Call call("cuMemFree_v2", Call::CONTEXT);
	if (call.result) return call.result;
	Context *c = call.context;
	auto found = c->memory.find(at);
	if (found == c->memory.end()) return INVALID_VALUE;
	c->used -= found->second;
	c->memory.erase(found);
	return c->engine.ask(Engine::FREE, at, 0, 0, "", nullptr, nullptr);
}

int cuMemcpyHtoD_v2(uint64_t to, const void *from, size_t bytes) {
	Call call("cuMemcpyHtoD_v2", Call::CONTEXT);
	if (call.result) return call.result;
	Context *c = call.context;
	if (!c->has(to, bytes)) return INVALID_VALUE;
	if (int result = c->drain()) return result;
	return c->engine.ask(Engine::UPLOAD, to, 0, 0, std::string((const char *)from, bytes), nullptr, nullptr);
}

int cuMemcpyDtoH_v2(void *to, uint64_t from, size_t bytes) {
	Call call("cuMemcpyDtoH_v2", Call::CONTEXT);
	if (call.result) return call.result;
	Context *c = call.context;
	if (!c->has(from, bytes)) return INVALID_VALUE;
	if (int result = c->drain()) return result;
	std::string data;
	int result = c->engine.ask(Engine::DOWNLOAD, from, bytes, 0, "", nullptr, &data);
	if (result == SUCCESS) memcpy(to, data.data(), bytes);
	return result;
}

int cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, Stream *stream) {
	Call call("cuMemcpyDtoDAsync_v2", Call::CONTEXT);
	if (call.result) return call.result;
	Context *c = call.context;
	if (!c->streams.count(stream)) return INVALID_HANDLE;
	if (!c->has(to, bytes) || !c->has(from, bytes)) return INVALID_VALUE;
	return c->run(stream, [=] { return c->engine.ask(Engine::COPY, to, from, bytes, "", nullptr, nullptr); });
}
}
