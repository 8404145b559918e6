package dbtest

import (
	"os"
	"os/exec"
	"runtime"
)

// process is a child that does not outlive this process.
type process struct {
	child *os.Process
	ended chan struct{} // closed when the child has ended
}

// startProcess starts command, in a network namespace unless space is empty.
func startProcess(command *exec.Cmd, space string) (*process, error) {
	p := &process{ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The kernel ends the child when the thread that started it ends, so
		// that thread stays until then.
		runtime.LockOSThread()
		endWithThisProcess(command)
		var err error
		if space != "" {
			err = enter(space)
		}
		if err == nil {
			err = command.Start()
		}
		p.child = command.Process
		started <- err
		if err == nil {
			_ = command.Wait()
			close(p.ended)
		}
	}()
	return p, <-started
}

func (p *process) signal(s os.Signal) error { return p.child.Signal(s) }

// kill ends the child at once, and returns when it is gone.
func (p *process) kill() {
	if p.child == nil {
		return
	}
	_ = p.child.Kill()
	<-p.ended
}
