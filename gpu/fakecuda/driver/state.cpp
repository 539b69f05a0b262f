#include "driver.h"

#include <cstdlib>
#include <fstream>
#include <mutex>

static std::recursive_mutex mutex;
static int failures;
bool initialized;
std::map<int, Context *> contexts;
thread_local Context *current;
int abandoned;

long setting(const char *name, long otherwise) {
	const char *text = getenv(name);
	return text && *text ? atol(text) : otherwise;
}

void journal(const std::string &line) {
	const char *path = getenv("FAKECUDA_JOURNAL");
	if (path && *path) std::ofstream(path, std::ios::app) << line + "\n";
}

// failing returns what is made to fail.
static std::string failing() {
	const char *text = getenv("FAKECUDA_FAIL");
	std::string spec = text ? text : "";
	if (spec[0] != '@') return spec;
	std::string line;
	std::ifstream file(spec.substr(1));
	std::getline(file, line);
	return line;
}

// injected returns what a call is made to fail with, SUCCESS if nothing.
static int injected(const char *name) {
	static std::string last;
	static long calls;
	std::string spec = failing();
	if (spec != last) last = spec, calls = 0;
	std::string prefix = std::string(name) + ":";
	if (spec.compare(0, prefix.size(), prefix) != 0) return SUCCESS;
	char *rest;
	long which = strtol(spec.c_str() + prefix.size(), &rest, 10);
	if (++calls != which || *rest != ':') return SUCCESS;
	failures++;
	journal("failed: " + spec);
	return atoi(rest + 1);
}

// isLoss tells the results after which a context is of no use any more.
static bool isLoss(int result) {
	static const std::set<int> losses = {214, 220, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719};
	return losses.count(result) > 0;
}

static bool alive(Context *c) {
	for (auto &[device, context] : contexts)
		if (context == c) return true;
	return false;
}

Call::Call(const char *name, Needs needs) : result(SUCCESS), context(nullptr) {
	mutex.lock();
	if (needs != NOTHING && !initialized) {
		result = NOT_INITIALIZED;
	} else if (needs == CONTEXT && (!current || !alive(current))) {
		result = INVALID_CONTEXT;
	} else if (needs == CONTEXT && current->lost) {
		result = current->lost;
	} else {
		result = injected(name);
		if (needs == CONTEXT) {
			context = current;
			if (isLoss(result)) context->lost = result;
		}
	}
}

Call::~Call() { mutex.unlock(); }

bool Context::has(uint64_t at, size_t size) const {
	auto next = memory.upper_bound(at);
	if (next == memory.begin()) return false;
	auto &[start, length] = *--next;
	return at - start <= length && size <= length - (at - start);
}

int Context::run(Stream *s, std::function<int()> work) {
	s->work.push_back(std::move(work));
	if (setting("FAKECUDA_LAZY", 0)) return SUCCESS;
	int result = drain(s);
	return setting("CUDA_LAUNCH_BLOCKING", 0) ? result : SUCCESS;
}

int Context::drain(Stream *s) {
	while (!s->work.empty()) {
		auto work = std::move(s->work.front());
		s->work.pop_front();
		if (!lost) lost = work();
	}
	return lost;
}

int Context::drain() {
	for (auto s : streams)
		if (s->blocking) drain(s);
	return lost;
}

void Context::clear() {
	size_t left = memory.size() + modules.size() + streams.size();
	if (!lost) abandoned += left;
	journal(lost ? "lost" : "released, left in it: " + std::to_string(left));
	for (auto m : modules) delete m;
	for (auto s : streams) delete s;
}

Counters counters() {
	Counters n{0, 0, 0, (int)contexts.size(), abandoned, failures};
	for (auto &[device, c] : contexts) {
		n.allocations += c->memory.size();
		n.modules += c->modules.size();
		n.streams += c->streams.size();
	}
	return n;
}
