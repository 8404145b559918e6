package dbtest

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const (
	pauseSignal  = syscall.SIGSTOP
	resumeSignal = syscall.SIGCONT
)

// endWithThisProcess has the kernel kill the child when this process ends, even
// if it is killed itself.
func endWithThisProcess(command *exec.Cmd) {
	attributes := syscall.SysProcAttr{}
	if command.SysProcAttr != nil {
		attributes = *command.SysProcAttr
	}
	attributes.Pdeathsig = syscall.SIGKILL
	// Ctrl-C in a terminal is for the tests, which still need the server then.
	attributes.Setpgid = true
	command.SysProcAttr = &attributes
}

// isHalted tells whether a signal has halted every thread of a process, or the
// process is gone: the kernel takes a moment for that.
func isHalted(pid int) bool {
	states, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil {
		return true // the pattern is well formed
	}
	for _, state := range states {
		content, err := os.ReadFile(state)
		if err != nil {
			continue // the thread has ended
		}
		// The state follows the name, which is in parentheses (proc(5)).
		_, after, _ := strings.Cut(string(content), ") ")
		if !strings.HasPrefix(after, "T") {
			return false
		}
	}
	return true
}

// asUser makes command run as the named user, who then owns folder, when this
// process belongs to root and there is such a user.
func asUser(command *exec.Cmd, name, folder string) error {
	if os.Getuid() != 0 {
		return nil
	}
	account, err := user.Lookup(name)
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(account.Uid)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(account.Gid)
	if err != nil {
		return err
	}
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	return os.Chown(folder, uid, gid)
}
