#pragma once
// Linux calls that Swift's Glibc module leaves out, or that are macros or variadic in C.
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>
#include <linux/openat2.h>

// prctl is variadic. The name is cut to 15 bytes by the kernel.
static inline int linux_set_thread_name(const char *name) {
    return prctl(PR_SET_NAME, name, 0, 0, 0);
}

// glibc has no openat2 of its own; syscall is variadic.
static inline int linux_openat2(int directory, const char *path, uint64_t flags, uint64_t resolve) {
    struct open_how how = {.flags = flags, .mode = 0, .resolve = resolve};
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

// Reads only what is in memory already; EAGAIN where the disk would be waited for. preadv2's flags
// are hidden behind _GNU_SOURCE.
#include <linux/fs.h>
#include <sys/uio.h>
static inline ssize_t linux_read_cached(int descriptor, void *buffer, size_t count, int64_t offset) {
    struct iovec room = {.iov_base = buffer, .iov_len = count};
    long high = sizeof(long) == 8 ? 0 : (long)(offset >> 32);
    return syscall(SYS_preadv2, descriptor, &room, 1, (long)offset, high, RWF_NOWAIT);
}

// ---- Sockets (HTTP server) ----
#include <sys/socket.h>

// Enums in C: Swift would not take them as flags, and a release build may find SOCK_STREAM only in
// whichever C module of the target was read first.
static const int linux_stream_socket = SOCK_STREAM;
static const int linux_socket_flags = SOCK_NONBLOCK | SOCK_CLOEXEC;

// Swift's Glibc leaves accept4 out: it needs _GNU_SOURCE.
static inline int linux_accept(int listener, struct sockaddr *address, socklen_t *size) {
    return (int)syscall(SYS_accept4, listener, address, size, linux_socket_flags);
}

// O_PATH (a descriptor that only names a file) is hidden behind _GNU_SOURCE.
static inline int linux_path_only_flag(void) {
    return __O_PATH;
}
