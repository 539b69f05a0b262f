// The functions about modules and their kernels.
#include "driver.h"

#include <cstring>
#include <sstream>

static std::string bytes(const void *data, size_t size) { return std::string((const char *)data, size); }

extern "C" {

// The options are those of cuda.h; of them it knows where to write errors.
int cuModuleLoadDataEx(Module **module, const char *image, unsigned count, const int *options, void **values) {
	Call call("cuModuleLoadDataEx", Call::CONTEXT);
	if (call.result) return call.result;
	const int ERROR_LOG = 5, ERROR_LOG_SIZE = 6;
	char *log = nullptr;
	size_t size = 0;
	for (unsigned i = 0; i < count; i++) {
		if (options[i] == ERROR_LOG) log = (char *)values[i];
		if (options[i] == ERROR_LOG_SIZE) size = (size_t)values[i];
	}
	uint64_t id;
	std::string reply;
	if (int result = call.context->engine.ask(Engine::LOAD, 0, 0, 0, image, &id, &reply)) {
		if (log && size) snprintf(log, size, "%s", reply.c_str());
		return result;
	}
	*module = new Module{id, {}};
	call.context->modules.insert(*module);
	// Each line of the reply is a kernel and the number of its parameters.
	std::istringstream kernels(reply);
	std::string name;
	size_t parameters;
	while (kernels >> name >> parameters) (*module)->functions[name] = Function{*module, name, parameters};
	return SUCCESS;
}

int cuModuleUnload(Module *module) {
	Call call("cuModuleUnload", Call::CONTEXT);
	if (call.result) return call.result;
	if (!call.context->modules.erase(module)) return INVALID_HANDLE;
	delete module;
	return SUCCESS;
}

int cuModuleGetFunction(Function **function, Module *module, const char *name) {
	Call call("cuModuleGetFunction", Call::CONTEXT);
	if (call.result) return call.result;
	if (!call.context->modules.count(module)) return INVALID_HANDLE;
	auto found = module->functions.find(name);
	if (found == module->functions.end()) return NOT_FOUND;
	*function = &found->second;
	return SUCCESS;
}

// Arguments are read now, eight bytes each: package cuda has slots of that length.
int cuLaunchKernel(Function *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                   unsigned shared, Stream *stream, void **arguments, void **) {
	Call call("cuLaunchKernel", Call::CONTEXT);
	if (call.result) return call.result;
	Context *c = call.context;
	if (!c->modules.count(function->module) || !c->streams.count(stream)) return INVALID_HANDLE;
	bool grid = gx && gy && gz && gx <= 2147483647u && gy <= 65535 && gz <= 65535;
	bool block = bx && by && bz && bx <= 1024 && by <= 1024 && bz <= 64 && (uint64_t)bx * by * bz <= 1024;
	if (!grid || !block || shared > 48 << 10) return INVALID_VALUE;
	uint32_t numbers[7] = {gx, gy, gz, bx, by, bz, shared};
	std::string payload = bytes(numbers, sizeof numbers);
	for (size_t i = 0; i < function->parameters; i++) payload += bytes(arguments[i], 8);
	payload += function->name;
	uint64_t module = function->module->id, count = function->parameters;
	return c->run(stream, [=] { return c->engine.ask(Engine::LAUNCH, module, count, 0, payload, nullptr, nullptr); });
}
}
