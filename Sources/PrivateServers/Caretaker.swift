/// The shell program that cleans up after a `TemporaryFolder`.
enum Caretaker {
    /// Takes the folder as `$1`; ends with 0 when nothing of it is left.
    ///
    /// Servers get SIGINT, which makes PostgreSQL give its shared memory back and end at once, and
    /// SIGKILL after five seconds. A PostgreSQL that was killed leaves a shared memory segment; its
    /// number stands in line 7 of postmaster.pid.
    static let script = #"""
        folder=$1
        trap '' HUP INT QUIT TERM
        while read -r _; do :; done

        processes() {
            find /proc/[0-9]*/cwd -maxdepth 0 -printf '%p %l\n' 2>/dev/null |
            while read -r link target; do
                case $target in "$folder" | "$folder"/* | "$folder "*) ;; *) continue ;; esac
                link=${link%/cwd}
                case $(readlink "$link/fd/0") in /dev/pts/* | /dev/tty*) continue ;; esac
                echo "${link#/proc/}"
            done
            # A worker holds secrets and hides where it works; its command line names its folder.
            for file in /proc/[0-9]*/cmdline; do
                case $(tr '\0' '\n' 2>/dev/null <"$file") in *"$folder/"*) ;; *) continue ;; esac
                link=${file%/cmdline}
                case $(readlink "$link/fd/0") in /dev/pts/* | /dev/tty*) continue ;; esac
                echo "${link#/proc/}"
            done
        }
        all() {
            for process in $(processes); do kill -s "$1" "$process" 2>/dev/null; done
        }
        wait_for_end() {
            tries=$1
            while [ -n "$(processes)" ]; do
                [ "$tries" -gt 0 ] || return
                tries=$((tries - 1))
                sleep 0.1
            done
        }

        rounds=5
        while [ -n "$(processes)" ] || [ -e "$folder" ]; do
            [ "$rounds" -gt 0 ] || exit 1
            rounds=$((rounds - 1))
            all INT
            all CONT
            wait_for_end 50
            all KILL
            wait_for_end 20
            for file in "$folder"/*/data/postmaster.pid; do
                [ -f "$file" ] || continue
                segment=$(sed -n '7s/^ *[0-9]* *\([0-9]*\).*/\1/p' "$file")
                [ -z "$segment" ] || ipcrm -m "$segment" 2>/dev/null
            done
            rm -rf -- "$folder"
        done
        exit 0
        """#
}
