// What the driver keeps its books in.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine.h"

// Results, as CUDA numbers them.
enum Result {
	SUCCESS = 0,
	INVALID_VALUE = 1,
	OUT_OF_MEMORY = 2,
	NOT_INITIALIZED = 3,
	NO_DEVICE = 100,
	INVALID_DEVICE = 101,
	INVALID_CONTEXT = 201,
	OPERATING_SYSTEM = 304,
	INVALID_HANDLE = 400,
	NOT_FOUND = 500,
};

struct Module;

struct Function {
	Module *module;
	std::string name;
	size_t parameters;
};

struct Module {
	uint64_t id; // to the engine
	std::map<std::string, Function> functions;
};

struct Stream {
	bool blocking; // waits for the copies that are in no stream, and they for it
	std::deque<std::function<int()>> work;
};

struct Context {
	int device;
	int references = 0;
	int lost = SUCCESS; // what every call returns from now on
	Engine engine;
	std::map<uint64_t, size_t> memory;
	size_t used = 0;
	std::set<Module *> modules;
	std::set<Stream *> streams;

	bool has(uint64_t at, size_t size) const; // all of it in one allocation
	int run(Stream *, std::function<int()>);  // now, or when somebody waits
	int drain(Stream *);
	int drain(); // what the copies wait for that are in no stream
	void clear();
};

// Call is the time in which a function of the driver runs: one at a time.
struct Call {
	enum Needs { NOTHING, INIT, CONTEXT };
	Call(const char *name, Needs);
	~Call();
	int result; // other than SUCCESS if the function has nothing left to do
	Context *context;
};

long setting(const char *name, long otherwise);

void journal(const std::string &line); // see doc.go

// Counters that tests read, see doc.go.
struct Counters {
	int allocations, modules, streams, contexts, abandoned, failures;
};
Counters counters();

extern bool initialized;
extern std::map<int, Context *> contexts; // of each device
extern thread_local Context *current;
extern int abandoned;
