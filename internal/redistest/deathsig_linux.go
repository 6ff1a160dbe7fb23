package redistest

import (
	"os/exec"
	"syscall"
)

// dieWithParent has the kernel kill the server when this process ends without
// having stopped it: a test that timed out, panicked or was killed.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
