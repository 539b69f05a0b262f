// The functions about the driver, its devices and their contexts.
#include "driver.h"

#include <cstdio>

static int deviceCount() { return (int)setting("FAKECUDA_DEVICES", 1); }

static bool isDevice(int device) { return device >= 0 && device < deviceCount(); }

extern "C" {

int cuInit(unsigned flags) {
	Call call("cuInit", Call::NOTHING);
	if (call.result) return call.result;
	if (flags) return INVALID_VALUE;
	if (deviceCount() == 0) return NO_DEVICE;
	initialized = true;
	return SUCCESS;
}

int cuDriverGetVersion(int *version) {
	Call call("cuDriverGetVersion", Call::NOTHING);
	*version = (int)setting("FAKECUDA_VERSION", 12090);
	return call.result;
}

int cuDeviceGetCount(int *count) {
	Call call("cuDeviceGetCount", Call::INIT);
	*count = deviceCount();
	return call.result;
}

int cuDeviceGet(int *device, int ordinal) {
	Call call("cuDeviceGet", Call::INIT);
	if (call.result) return call.result;
	if (!isDevice(ordinal)) return INVALID_DEVICE;
	*device = ordinal;
	return SUCCESS;
}

int cuDeviceGetName(char *name, int size, int device) {
	Call call("cuDeviceGetName", Call::INIT);
	if (call.result) return call.result;
	if (!isDevice(device)) return INVALID_DEVICE;
	snprintf(name, size, "FAKE CUDA (host CPU, not a GPU) %d", device);
	return SUCCESS;
}

int cuDeviceTotalMem_v2(size_t *bytes, int device) {
	Call call("cuDeviceTotalMem_v2", Call::INIT);
	if (call.result) return call.result;
	if (!isDevice(device)) return INVALID_DEVICE;
	*bytes = setting("FAKECUDA_MEMORY", 1l << 30);
	return SUCCESS;
}

int cuDeviceGetAttribute(int *value, int attribute, int device) {
	if (attribute >= 10000) {
		Call call("", Call::INIT);
		Counters n = counters();
		int values[] = {n.allocations, n.modules, n.streams, n.contexts, n.abandoned, n.failures};
		if (attribute - 10000 >= (int)(sizeof values / sizeof *values)) return INVALID_VALUE;
		*value = values[attribute - 10000];
		return SUCCESS;
	}
	Call call("cuDeviceGetAttribute", Call::INIT);
	if (call.result) return call.result;
	if (!isDevice(device)) return INVALID_DEVICE;
	const int MAJOR = 75, MINOR = 76;
	if (attribute != MAJOR && attribute != MINOR) return INVALID_VALUE;
	*value = attribute == MAJOR ? 7 : 0;
	return SUCCESS;
}

int cuDevicePrimaryCtxRetain(Context **context, int device) {
	Call call("cuDevicePrimaryCtxRetain", Call::INIT);
	if (call.result) return call.result;
	if (!isDevice(device)) return INVALID_DEVICE;
	auto found = contexts.find(device);
	if (found == contexts.end()) {
		auto created = std::make_unique<Context>();
		created->device = device;
		if (!created->engine.start()) return OPERATING_SYSTEM;
		found = contexts.emplace(device, created.release()).first;
		journal("made");
	}
	*context = found->second;
	(*context)->references++;
	return SUCCESS;
}

int cuDevicePrimaryCtxRelease_v2(int device) {
	Call call("cuDevicePrimaryCtxRelease_v2", Call::INIT);
	if (call.result) return call.result;
	auto found = contexts.find(device);
	if (found == contexts.end()) return INVALID_CONTEXT;
	if (--found->second->references > 0) return SUCCESS;
	found->second->clear();
	delete found->second;
	contexts.erase(found);
	return SUCCESS;
}

int cuCtxSetCurrent(Context *context) {
	Call call("cuCtxSetCurrent", Call::INIT);
	if (!call.result) current = context;
	return call.result;
}
}
