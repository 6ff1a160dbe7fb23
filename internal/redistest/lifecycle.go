package redistest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// errPortTaken is a server that ended because somebody else has its port.
var errPortTaken = errors.New("redistest: the port is taken")

// launch starts the server of n for the first time, on ports found free. dir is
// where its own directory is made.
func launch(ctx context.Context, n *Node, dir string, o Options, cluster bool) error {
	n.dir = filepath.Join(dir, n.hostname)
	if err := os.Mkdir(n.dir, 0o700); err != nil {
		return err
	}
	if n.ca != nil {
		if err := n.ca.issue(n.dir, n.hostname); err != nil {
			return err
		}
	}
	for {
		port, err := takePort()
		if err != nil {
			return err
		}
		n.port = port
		conf := redisConf(o, port, n.hostname, cluster)
		if err := os.WriteFile(n.confFile(), []byte(conf), 0o600); err != nil {
			return err
		}
		err = n.start(ctx)
		if !errors.Is(err, errPortTaken) || ctx.Err() != nil {
			return err
		}
		releasePort(port)
		n.port = 0
	}
}

func (n *Node) confFile() string { return filepath.Join(n.dir, "redis.conf") }

// start runs the server and waits until it answers.
func (n *Node) start(ctx context.Context) error {
	logged := len(n.Log())
	proc, err := startProcess(n.binary, n.dir, n.logFile(), n.confFile())
	if err != nil {
		return fmt.Errorf("redistest: %w", err)
	}
	n.mu.Lock()
	n.proc, n.paused = proc, false
	n.mu.Unlock()

	return poll(ctx, 5*time.Millisecond, func() error {
		if !proc.alive() {
			log := n.Log()[logged:]
			// "Failed listening on port" in the words of Redis and Valkey.
			if strings.Contains(log, "Failed listening") {
				return giveUp{errPortTaken}
			}
			return giveUp{fmt.Errorf("redistest: the server ended as soon as it was started:\n%s", log)}
		}
		// Whoever has the port instead of ours may never answer.
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		info, err := n.info(ctx, "server")
		if err != nil {
			return err
		}
		// Another server may hold the port while ours is about to find out.
		if info["process_id"] != strconv.Itoa(proc.cmd.Process.Pid) {
			n.closeConns()
			return errPortTaken
		}
		_, err = n.DoContext(ctx, "PING") // refused while the server loads its data
		return err
	})
}

// Kill ends the server with SIGKILL and returns when it is gone. It does
// nothing to a server that has ended.
func (n *Node) Kill() {
	n.mu.Lock()
	proc := n.proc
	n.paused = false
	n.mu.Unlock()
	if proc != nil {
		proc.kill()
	}
	n.closeConns()
}

// Stop freezes the server with SIGSTOP: its connections stay open, and silent.
func (n *Node) Stop() error { return n.setPaused(true) }

// Resume lets a stopped server go on, with SIGCONT.
func (n *Node) Resume() error { return n.setPaused(false) }

func (n *Node) setPaused(paused bool) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.proc.alive() {
		return errDown
	}
	signal := n.proc.resume
	if paused {
		signal = n.proc.pause
	}
	if err := signal(); err != nil {
		return err
	}
	n.paused = paused
	return nil
}

// Restart starts the server again with the same port, node id and
// configuration, killing it first if need be, and returns when it answers. Its
// data is lost, unless Options.Config made it keep some; what CONFIG SET changed
// is lost too. Cluster.WaitHealthy waits until the others have it back.
func (n *Node) Restart() error {
	n.Kill()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	for {
		// The port is reserved, but only within this process.
		if err := n.start(ctx); !errors.Is(err, errPortTaken) || ctx.Err() != nil {
			return err
		}
	}
}

// remove kills the server and gives its port back. Its directory goes with the
// one it was made in.
func (n *Node) remove() {
	n.Kill()
	if n.port != 0 {
		releasePort(n.port)
	}
}
