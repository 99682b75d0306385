internal import Glibc

// Calls of the GNU C library that Swift's Glibc module hides because they are extensions or
// variadic. Each takes machine words only, for which Swift and C agree on how to call.

/// Enters a folder in the child, after the actions before it.
@_silgen_name("posix_spawn_file_actions_addchdir_np")
func addChangeFolder(
    _ actions: UnsafeMutablePointer<posix_spawn_file_actions_t>,
    _ path: UnsafePointer<CChar>
) -> CInt

/// Closes every descriptor of the child from a number on.
@_silgen_name("posix_spawn_file_actions_addclosefrom_np")
func addCloseFrom(
    _ actions: UnsafeMutablePointer<posix_spawn_file_actions_t>,
    _ first: CInt
) -> CInt

/// A pipe whose descriptors take flags at birth, so that no other thread's child inherits them.
@_silgen_name("pipe2")
func pipeWithFlags(_ ends: UnsafeMutablePointer<CInt>, _ flags: CInt) -> CInt

/// The C function is `prctl`.
@_silgen_name("prctl")
func processControl(_ option: CInt, _: UInt, _: UInt, _: UInt, _: UInt) -> CInt
