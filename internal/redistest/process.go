package redistest

import (
	"os"
	"os/exec"
	"runtime"
)

// process is a running redis-server.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed once the process is gone and reaped
}

// startProcess runs path, with dir as its working directory and its output
// appended to the log file.
func startProcess(path, dir, log string, args ...string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(path, args...), exited: make(chan struct{})}
	p.cmd.Dir = dir
	p.cmd.Stdout, p.cmd.Stderr = out, out
	dieWithParent(p.cmd)

	started := make(chan error)
	go func() {
		defer close(p.exited)
		defer out.Close()
		// Linux takes the end of the thread that forked for the end of the
		// parent, so this thread has to stay for as long as the server does.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // killed is how most of them end
		}
	}()
	if err := <-started; err != nil {
		<-p.exited
		return nil, err
	}
	return p, nil
}

func (p *process) alive() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// kill ends the process at once, stopped or not, and waits until it is gone.
func (p *process) kill() {
	// The one error possible here is that it has ended already.
	_ = p.cmd.Process.Kill()
	<-p.exited
}
