// Threads: cooperative contexts, who runs next, deadlock and livelock, what is checked at their end.
#include "internal.h"

#include <signal.h>
#include <sys/time.h>

#include <algorithm>
#include <tuple>

#define TT_NATIVE_RUNTIME
#include "shared/dataflow.h"

namespace tt_native {

namespace {

constexpr size_t stack_bytes = 256 * 1024;

uint64_t watched_calls = 0;
int watched_ticks = 0;
int watchdog_seconds = 20;

void on_tick(int) {
    Machine& m = machine();
    if (m.current == nullptr || m.calls != watched_calls) {
        watched_calls = m.calls;
        watched_ticks = 0;
        return;
    }
    if (++watched_ticks >= watchdog_seconds) {
        find(
            Severity::error,
            "livelock",
            &m.current->site,
            text("%s has made no call for %d s", m.current->role().c_str(), watched_ticks));
        finish(3);
    }
}

}  // namespace

// ---- threads ----

Thread& self() { return *machine().current; }

namespace {

void start_thread() {
    Machine& m = machine();
    m.current->kernel->entry();
    m.current->finished = true;
    swapcontext(&m.current->context, &m.scheduler);
}

}  // namespace

void leave() {
    Machine& m = machine();
    swapcontext(&m.current->context, &m.scheduler);
}

namespace {

void drift() {
    Machine& m = machine();
    for (auto& thread : m.threads) {
        for (auto* lists : {&thread->reads, &thread->writes}) {
            for (auto& pending : *lists) {
                for (Transfer& t : pending) {
                    if (m.generator() % 8 == 0) {
                        land(t);  // stays outstanding until its barrier
                    }
                }
            }
        }
    }
}

const char* processor_name(Processor processor) {
    static const char* const names[] = {"riscv_0", "riscv_1", "compute"};
    return names[static_cast<int>(processor)];
}

Thread* pick() {
    Machine& m = machine();
    auto chosen = m.ready.begin();
    if (m.random) {
        chosen += static_cast<long>(m.generator() % m.ready.size());
    } else if (!m.starved.empty()) {
        for (auto it = m.ready.begin(); it != m.ready.end(); ++it) {
            if (m.starved != processor_name((*it)->kernel->processor)) {
                chosen = it;
                break;
            }
        }
    }
    Thread* thread = *chosen;
    m.ready.erase(chosen);
    return thread;
}

void check_end(Thread& thread) {
    Machine& m = machine();
    m.current = &thread;
    for (uint8_t noc = 0; noc < 2; ++noc) {
        if (!thread.writes[noc].empty()) {
            broken(
                "noc-outstanding-at-end",
                thread.writes[noc].front().where,
                text("%s ends with %zu writes outstanding", thread.role().c_str(),
                     thread.writes[noc].size()),
                {},
                "a write barrier is missing at its end");
        }
        if (!thread.reads[noc].empty()) {
            broken(
                "noc-outstanding-at-end",
                thread.reads[noc].front().where,
                text("%s ends with %zu reads outstanding", thread.role().c_str(),
                     thread.reads[noc].size()),
                {},
                "a read barrier is missing at its end");
        }
        if (thread.atomics[noc] != 0) {
            broken(
                "noc-outstanding-at-end",
                thread.atomic_site,
                text("%s ends with %u semaphore increments outstanding", thread.role().c_str(),
                     thread.atomics[noc]),
                {},
                "noc_async_atomic_barrier is missing at its end");
        }
    }
    Core& core = *thread.core;
    for (Cb* cb : core.present) {
        if (cb->producer == &thread && cb->reserve_open) {
            broken("cb-dirty", cb->reserve_site,
                   text("%s ends with pages of %s reserved and not pushed", thread.role().c_str(),
                        cb->name().c_str()),
                   cb->name(), cb->state());
        }
        if (cb->producer == &thread && cb->reserved != 0 && !cb->reserve_open) {
            find(Severity::remark, "cb-look-ahead", &cb->reserve_site,
                 text("%s reserves %u pages of %s more than it pushes", thread.role().c_str(),
                      cb->reserved, cb->name().c_str()),
                 cb->name());
        }
        if (cb->consumer == &thread && cb->waited != 0 && !cb->wait_open && !cb->looked_ahead) {
            find(Severity::remark, "cb-look-ahead", &cb->wait_site,
                 text("%s waits for %u pages of %s more than it pops", thread.role().c_str(),
                      cb->waited, cb->name().c_str()),
                 cb->name());
        }
        if (cb->consumer == &thread && cb->wait_open) {
            broken("cb-dirty", cb->wait_site,
                   text("%s ends with pages of %s waited for and not popped",
                        thread.role().c_str(), cb->name().c_str()),
                   cb->name(), cb->state());
        }
    }
    if (thread.kernel->processor == Processor::compute &&
        (core.dst.acquired || core.dst.packing || core.dst.committed != 0)) {
        broken("dst-protocol", core.dst.acquire_site, "the compute kernel ends while DST is in use");
    }
    m.current = nullptr;
}

[[noreturn]] void deadlock() {
    Machine& m = machine();
    m.current = nullptr;
    size_t stuck = 0;
    std::map<std::tuple<std::string, uint32_t, std::string>, std::vector<Thread*>> groups;
    for (const auto& thread : m.threads) {
        if (thread->finished) {
            continue;
        }
        ++stuck;
        std::string state;
        if (thread->blocked_cb != nullptr) {
            const Cb& cb = *thread->blocked_cb;
            state = text("%s of %u pages of %s (%s)", thread->blocked, thread->blocked_need,
                         cb.name().c_str(), cb.state().c_str());
            Thread* other = std::strcmp(thread->blocked, "cb_wait_front") == 0 ? cb.producer
                                                                              : cb.consumer;
            if (other == nullptr) {
                state += "; no thread is at the other end";
            } else if (other != thread.get()) {
                state += text("; %s, at the other end, %s", other->role().c_str(),
                              other->finished ? "has finished" : "is blocked too");
            }
        } else {
            const uint32_t* word =
                reinterpret_cast<const uint32_t*>(thread->core->l1 + thread->blocked_address);
            state = text("%s for %u on the semaphore at %#x (it is %u)", thread->blocked,
                         thread->blocked_need, thread->blocked_address, *word);
        }
        groups[{thread->role(), thread->site.line(), state}].push_back(thread.get());
    }
    std::string all;
    Site first;
    std::string buffer;
    for (const auto& [key, threads] : groups) {
        if (all.empty()) {
            first = threads.front()->site;
            if (threads.front()->blocked_cb != nullptr) {
                buffer = threads.front()->blocked_cb->name();
            }
        }
        const Core& core = *threads.front()->core;
        all += text("%s%s:%u %s on %zu cores from (%u, %u): %s", all.empty() ? "" : "; ",
                    std::get<0>(key).c_str(), std::get<1>(key), "blocked", threads.size(), core.x,
                    core.y, std::get<2>(key).c_str());
    }
    find(
        Severity::error,
        "deadlock",
        &first,
        text("%zu of %zu threads are blocked for ever", stuck, m.threads.size()),
        buffer,
        all);
    finish(3);
}

}  // namespace

void wake(std::vector<Thread*>& waiting) {
    Machine& m = machine();
    ++m.progress;
    m.polls = 0;
    for (Thread* thread : waiting) {
        m.ready.push_back(thread);
    }
    waiting.clear();
}

void wake(Cb& cb) {
    Machine& m = machine();
    ++m.progress;
    m.polls = 0;
    for (size_t i = 0; i < cb.waiting.size();) {
        Thread* thread = cb.waiting[i];
        const bool producer = thread == cb.producer && std::strcmp(thread->blocked, "cb_reserve_back") == 0;
        if ((producer ? cb.pages - cb.filled() : cb.filled()) >= thread->blocked_need) {
            m.ready.push_back(thread);
            cb.waiting.erase(cb.waiting.begin() + static_cast<long>(i));
        } else {
            ++i;
        }
    }
}

void park(
    std::vector<Thread*>& waiting, const char* call, Cb* cb, uint32_t need, uint32_t address) {
    Thread& thread = self();
    thread.blocked = call;
    thread.blocked_cb = cb;
    thread.blocked_need = need;
    thread.blocked_address = address;
    waiting.push_back(&thread);
    leave();
    thread.blocked = nullptr;
}

void call_site(const Site& where) {
    Machine& m = machine();
    Thread& thread = *m.current;
    thread.site = where;
    ++m.calls;
    if (m.progress != m.seen_progress) {
        m.seen_progress = m.progress;
        m.idle_calls = 0;
    } else if (++m.idle_calls % 65536 == 0) {  // it may be polling: let the others run
        if (m.idle_calls > 50'000'000) {
            broken("livelock", where, "calls without end; no thread makes progress");
        }
        if (!m.ready.empty()) {
            m.ready.push_back(&thread);
            leave();
        }
    }
    if (m.preempt) {
        const bool yield = m.every_call || (m.random && m.generator() % 4 == 0) ||
                           (!m.starved.empty() &&
                            m.starved == processor_name(thread.kernel->processor));
        if (yield && !m.ready.empty()) {
            m.ready.push_back(&thread);
            leave();
        }
    }
}

void run_threads() {
    Machine& m = machine();
    forget_findings();
    reset_tile_cache();
    if (const char* seconds = std::getenv("TT_NATIVE_WATCHDOG")) {
        watchdog_seconds = std::max(1, std::atoi(seconds));
    }
    struct sigaction action{};
    action.sa_handler = on_tick;
    action.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &action, nullptr);
    itimerval timer{{1, 0}, {1, 0}};
    setitimer(ITIMER_REAL, &timer, nullptr);

    m.ready.clear();
    for (auto& thread : m.threads) {
        m.ready.push_back(thread.get());
    }
    size_t left = m.threads.size();
    while (left != 0) {
        if (m.ready.empty()) {
            deadlock();
        }
        Thread* thread = pick();
        m.current = thread;
        ++m.switches;
        leave_window(*thread->core);
        my_x[0] = my_x[1] = static_cast<uint8_t>(worker_origin + thread->core->x);
        my_y[0] = my_y[1] = static_cast<uint8_t>(worker_origin + thread->core->y);
        if (!thread->started) {
            thread->started = true;
            thread->stack.reset(new uint8_t[stack_bytes]);
            getcontext(&thread->context);
            thread->context.uc_stack.ss_sp = thread->stack.get();
            thread->context.uc_stack.ss_size = stack_bytes;
            thread->context.uc_link = nullptr;
            makecontext(&thread->context, start_thread, 0);
        }
        swapcontext(&m.scheduler, &thread->context);
        if (thread->finished) {
            check_end(*thread);
            --left;
            thread->stack.reset();
        }
        m.current = nullptr;
        if (m.random) {
            drift();
        }
    }
    hide_window();
    timer = {};
    setitimer(ITIMER_REAL, &timer, nullptr);
    for (auto& core : m.cores) {
        for (Cb* cb : core->present) {
            if (cb->filled() != 0 && cb->producer != nullptr) {
                m.current = cb->producer;
                broken("cb-dirty", cb->producer->site,
                       text("%u pages of %s are left at the end", cb->filled(),
                            cb->name().c_str()),
                       cb->name(), "pushes and pops do not balance: " + cb->state());
            }
        }
    }
    end_of_run_remarks();
}

}  // namespace tt_native
