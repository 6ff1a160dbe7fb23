package redistest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"
)

// startTimeout bounds the start of a server or cluster, on a busy machine too.
const startTimeout = time.Minute

// Run starts a cluster and returns when every node agrees that it is complete.
// The context bounds the start only. The function returned stops and removes
// everything; it may be called more than once, and is nil after an error.
func Run(ctx context.Context, o Options) (*Cluster, func(), error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, nil, err
	}
	c, err := start(ctx, o, o.Shards*(1+o.Replicas), true)
	if err != nil {
		return nil, nil, err
	}
	if err := c.form(ctx, o.Shards, o.Replicas); err != nil {
		c.stop()
		return nil, nil, err
	}
	return c, sync.OnceFunc(c.stop), nil
}

// RunServer is Run for one server without cluster mode.
func RunServer(ctx context.Context, o Options) (*Node, func(), error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, nil, err
	}
	c, err := start(ctx, o, 1, false)
	if err != nil {
		return nil, nil, err
	}
	return c.nodes[0], sync.OnceFunc(c.stop), nil
}

// start runs count servers that do not know each other yet.
func start(ctx context.Context, o Options, count int, cluster bool) (*Cluster, error) {
	binary, err := serverPath()
	if err != nil {
		return nil, err
	}
	c := &Cluster{nodes: make([]*Node, count)}
	if o.TLS {
		if c.ca, err = newAuthority(); err != nil {
			return nil, err
		}
	}
	if c.dir, err = os.MkdirTemp("", "redistest-"); err != nil {
		return nil, err
	}
	for i := range c.nodes {
		c.nodes[i] = &Node{
			binary:   binary,
			hostname: fmt.Sprintf("node-%d.%s", i, domain),
			password: o.Password,
			ca:       c.ca,
		}
	}
	err = c.each(func(_ int, n *Node) error { return launch(ctx, n, c.dir, o, cluster) })
	if err != nil {
		c.stop()
		return nil, err
	}
	return c, nil
}

// stop kills the servers and removes all they have written.
func (c *Cluster) stop() {
	_ = c.each(func(_ int, n *Node) error { n.remove(); return nil })
	_ = os.RemoveAll(c.dir)
}

// each calls f for every node at the same time.
func (c *Cluster) each(f func(i int, n *Node) error) error {
	errs := make([]error, len(c.nodes))
	var wg sync.WaitGroup
	for i, n := range c.nodes {
		wg.Go(func() { errs[i] = f(i, n) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// serverPath is the redis-server to run: the one that the environment variable
// REDIS_SERVER names, else the one on the PATH.
func serverPath() (string, error) {
	name := os.Getenv("REDIS_SERVER")
	if name == "" {
		name = "redis-server"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("redistest: no Redis server to test with (%w): apt-get install redis-server, "+
			"or set REDIS_SERVER to the path of one", err)
	}
	return path, nil
}
