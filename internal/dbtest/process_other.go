//go:build !linux

package dbtest

import (
	"os"
	"os/exec"
)

// Signals that are not the same on every system: here, pausing fails.
var (
	pauseSignal  os.Signal = unsupportedSignal{}
	resumeSignal os.Signal = unsupportedSignal{}
)

type unsupportedSignal struct{}

func (unsupportedSignal) Signal()        {}
func (unsupportedSignal) String() string { return "a signal that this system does not have" }

func endWithThisProcess(*exec.Cmd) {}

func isHalted(int) bool { return true }

func asUser(*exec.Cmd, string, string) error { return nil }
