internal import Glibc

/// What this process and its machine have used.
package enum Usage {
    /// The load of the machine over 1, 5 and 15 minutes; zeros when the system does not say.
    package static var loadAverages: [Double] {
        var loads = [Double](repeating: 0, count: 3)
        return getloadavg(&loads, 3) == 3 ? loads : [0, 0, 0]
    }

    /// What this process has used since it began.
    package struct Process: Sendable {
        /// Seconds of computing in the program itself.
        package let userSeconds: Double
        /// Seconds of computing in the kernel for it.
        package let systemSeconds: Double
        /// The most memory it ever held, in KiB.
        package let memoryPeak: Int64
    }

    package static var process: Process {
        var usage = rusage()
        // Cannot fail for a process's own figures.
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Process(
            userSeconds: seconds(usage.ru_utime),
            systemSeconds: seconds(usage.ru_stime),
            memoryPeak: Int64(usage.ru_maxrss)
        )
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }
}
