#pragma once

namespace procpool::worker {

/// Gives a socket whose small messages are to be read many at a time a receive buffer that has room
/// for them, unless it has it. In the first buffer of a connection each takes up far more than its
/// bytes; where it is full before it is read, the kernel packs the messages together again and
/// again, which costs more than all the rest. The kernel may let the buffer grow on, tcp(7). Nothing
/// changes where it could not, before Linux 5.14: see SO_BUF_LOCK in socket(7). Worker; borrows `socket`.
void enlarge_receive_buffer(int socket);

}  // namespace procpool::worker
