#pragma once

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>

#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK 72  // Linux 5.14, newer than some headers: socket(7)
#endif

/// Every raw system call of native/, so that three things are decided in one place: each new
/// descriptor is close-on-exec from its birth, a call that a signal interrupted is made again, and
/// close(2) never is (Linux frees the number before it can be interrupted). Any process.
namespace procpool::sys {

/// What a call returned, or its errno negated.
using result = long;

enum class blocking : std::uint8_t { yes, no };

// Descriptors.
void close(int fd);
result remove_file(const char* path);
result path_status(const char* path, struct stat& status);
result open(const char* path, int flags);
/// A new file without a name in that folder, for reading and writing.
result open_unnamed(const char* folder);
result status_flags(int fd);
result file_status(int fd, struct stat& status);
/// An exclusive flock(2): -EWOULDBLOCK while another open file description has it.
result lock_file(int fd);
result unlock_file(int fd);
bool is_terminal(int fd);
result duplicate(int fd, int lowest);
/// dup2(2): `to` refers to what `from` does, and is not close-on-exec.
result replace(int from, int to);
result pipe(int (&ends)[2], blocking mode);
result pipe_size(int fd);
result set_pipe_size(int fd, int bytes);
result socket_pair(int type, int (&ends)[2]);
/// Closes every descriptor from `first` on that is not in `kept` (ascending).
void close_from(int first, std::span<const int> kept);
/// Raises the soft RLIMIT_NOFILE to the hard one.
result raise_descriptor_limit();

// Bytes. None of these waits unless the descriptor itself blocks and the comment says so.
result read(int fd, void* data, std::size_t size);
/// pread(2).
result read_at(int fd, void* data, std::size_t size, std::uint64_t offset);
/// Waits if `fd` blocks.
result write(int fd, const void* data, std::size_t size);
result receive(int socket, void* data, std::size_t size);
result send(int socket, const void* data, std::size_t size);
result splice(int from, int to, std::size_t size);
/// Bytes ready to be read from a socket or pipe (FIONREAD).
result readable_bytes(int fd);

// Sockets.
result socket(int family, int type);
result bind(int socket, const sockaddr* address, socklen_t length);
result listen(int socket, int backlog);
result connect(int socket, const sockaddr* address, socklen_t length);
/// The new socket is non-blocking and close-on-exec.
result accept(int listener, sockaddr* peer, socklen_t* length);
/// `how` as in shutdown(2).
result shut_down(int socket, int how);
result set_option(int socket, int level, int name, int value);
result option(int socket, int level, int name, void* value, socklen_t size);
result local_address(int socket, sockaddr* address, socklen_t* length);
result send_message(int socket, const msghdr& message);
result receive_message(int socket, msghdr& message);

// Waiting. An interrupted wait returns 0 events: the caller's loop goes round.
result epoll_create();
result epoll_control(int epoll, int operation, int fd, std::uint32_t events, std::uint64_t tag);
result epoll_wait(int epoll, std::span<epoll_event> events, int timeout_ms);
result poll(std::span<pollfd> descriptors, int timeout_ms);
result poll_ns(std::span<pollfd> descriptors, std::uint64_t timeout_ns);

// Processes.
pid_t process_id();
pid_t parent_id();
result fork();
result kill(pid_t pid, int signal);
/// A descriptor of that very process, pidfd_open(2): -ENOSYS before Linux 5.3.
result open_process(pid_t pid);
/// pidfd_send_signal(2).
result signal_process(int process, int signal);
/// waitpid(2); `flags` as there.
result wait_for(pid_t pid, int& status, int flags);
/// Asks the kernel for `signal` when the thread that forked this process ends.
result signal_on_parent_death(int signal);
void name_process(const char* name);

// Signals. A handler interrupts nothing: calls are resumed (SA_RESTART).
result set_signal_handler(int signal, void (*handler)(int));
/// SIGALRM after `delay_us`, once; 0 takes it back.
result set_interval_timer(std::uint64_t delay_us);
void block_signals();
void unblock_signals();

/// An eventfd(2), non-blocking.
result event_counter();

// Memory.
result memory_file(const char* name, std::size_t size);
result map_shared(int fd, std::size_t size, void*& address);
void unmap(void* address, std::size_t size);

// Clocks, in nanoseconds.
std::uint64_t monotonic_ns();
std::uint64_t wall_ns();
/// Seconds since 1970, cheaper.
time_t wall_seconds();

}  // namespace procpool::sys
