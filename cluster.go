package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// ClusterClient talks to a whole cluster: it sends each command to the node
// that serves its key, and follows the cluster as it changes. It is safe for
// use by any number of goroutines, and one is enough for a program.
type ClusterClient struct {
	cmdable
	opt      *ClusterOptions
	topology *topology
	scans    scanCursors
	hooks    hooks
	err      error // of the options: every call fails with it
}

// NewClusterClient makes a client of the cluster that opt.Addrs leads to. It
// does not wait for the cluster: the first command does. With options that
// cannot be used, every call of the client returns the error that says why.
func NewClusterClient(opt *ClusterOptions) *ClusterClient {
	opt, err := opt.withDefaults()
	c := &ClusterClient{opt: opt, err: err}
	c.cmdable = c.Process
	c.hooks.base = newSteps(c.processCommand, c.processPipeline, c.processTx)
	if err != nil {
		c.opt = new(ClusterOptions)
		return c
	}
	opt.hooks = &c.hooks
	opt.abandoned = new(abandonedDials)
	opt.fillTurns = new(fillTurns)
	c.topology = newTopology(opt)
	if opt.MinIdleConns > 0 {
		c.topology.refresh()
	}
	return c
}

// Options returns the options in use, defaults filled in. They must not be
// changed.
func (c *ClusterClient) Options() *ClusterOptions { return c.opt }

// Format names the addresses that lead to the cluster, for all verbs of package fmt.
func (c *ClusterClient) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "RedisCluster<%s>", strings.Join(c.opt.Addrs, " "))
}

// Close ends the client: commands in flight and later ones fail with
// [ErrClosed]. To close it once more does nothing and is no error.
func (c *ClusterClient) Close() error {
	if c.err != nil {
		return nil
	}
	if err := c.topology.close(); err != ErrClosed {
		return err
	}
	return nil
}

// PoolStats counts what the connections to all nodes did.
func (c *ClusterClient) PoolStats() *PoolStats {
	if c.err != nil {
		return new(PoolStats)
	}
	return c.topology.stats()
}

// ReloadState has the slot map loaded anew in the background (CLUSTER SLOTS). It does
// not wait, and ctx is not used.
func (c *ClusterClient) ReloadState(ctx context.Context) {
	if c.err == nil {
		c.topology.refresh()
	}
}

// OnNewNode has fn called for every node that the client comes to know from now on,
// before the first connection to it is dialled: the place for Client.AddHook. It is called
// by one goroutine at a time, with no lock held, so it may use rdb and ask the cluster
// client for anything that needs no reply of the node. Commands for the node wait until fn
// returns, and fail after 3 s if it does not: so fn must not send commands by the cluster
// client.
func (c *ClusterClient) OnNewNode(fn func(rdb *Client)) {
	if c.err == nil {
		c.topology.onNewNode(fn)
	}
}

// MasterForKey returns a client of the primary that serves key. It is an error
// that no node serves the slot, or that the slot map cannot be loaded.
func (c *ClusterClient) MasterForKey(ctx context.Context, key string) (*Client, error) {
	s, err := c.shardFor(ctx, keySlot(key))
	if err != nil {
		return nil, err
	}
	return s.primary.client, nil
}

// SlaveForKey returns a client of one of the replicas of key's shard, chosen as
// for a read with ReadOnly; of the primary when there is no replica.
func (c *ClusterClient) SlaveForKey(ctx context.Context, key string) (*Client, error) {
	s, err := c.shardFor(ctx, keySlot(key))
	if err != nil {
		return nil, err
	}
	return s.choose(readReplica, 0, nil).client, nil
}

// ForEachMaster calls fn for every primary, for all at once. It returns when all
// have ended; an error does not stop the others, and the first is returned. A panic in fn
// is an error, a [*PanicError].
func (c *ClusterClient) ForEachMaster(ctx context.Context, fn func(ctx context.Context, client *Client) error) error {
	return c.forEach(ctx, "ForEachMaster", (*slotMap).primaries, fn)
}

// ForEachSlave calls fn for every replica, for all at once. It returns when all
// have ended; an error does not stop the others, and the first is returned. A panic in fn
// is an error, a [*PanicError].
func (c *ClusterClient) ForEachSlave(ctx context.Context, fn func(ctx context.Context, client *Client) error) error {
	return c.forEach(ctx, "ForEachSlave", (*slotMap).replicas, fn)
}

// ForEachShard calls fn for every node, primaries and replicas, for all at once.
// It returns when all have ended; an error does not stop the others, and the first
// is returned. A panic in fn is an error, a [*PanicError].
func (c *ClusterClient) ForEachShard(ctx context.Context, fn func(ctx context.Context, client *Client) error) error {
	return c.forEach(ctx, "ForEachShard", func(m *slotMap) []*node { return m.nodes }, fn)
}

// forEach calls fn for nodes. A panic in it is an error: it is on another goroutine than
// the caller's.
func (c *ClusterClient) forEach(ctx context.Context, method string, nodes func(*slotMap) []*node, fn func(context.Context, *Client) error) error {
	m, err := c.slotMap(ctx)
	if err != nil {
		return err
	}
	var calls sync.WaitGroup
	var once sync.Once
	for _, n := range nodes(m) {
		calls.Add(1)
		spawn("the function of "+method, func() error { return fn(ctx, n.client) }, func(e error) {
			if e != nil {
				once.Do(func() { err = e })
			}
			calls.Done()
		})
	}
	calls.Wait()
	return err
}

// Process sends cmd to the node that serves it and puts the reply into it. The
// error is the command's.
func (c *ClusterClient) Process(ctx context.Context, cmd Cmder) error {
	return c.process(ctx, cmd, c.hooks.chain.Load())
}

// processCommand is what the hooks end in, so it must not run them again.
func (c *ClusterClient) processCommand(ctx context.Context, cmd Cmder) error {
	return c.process(ctx, cmd, nil)
}

// process is the life of a command: send it to where it belongs, wait, and if
// that was not enough, persist. It waits here, see [pending].
func (c *ClusterClient) process(ctx context.Context, cmd Cmder, chain *hookChain) error {
	if chain != nil {
		return c.hooks.process(ctx, cmd)
	}
	p, n, final, err := c.begin(ctx, cmd)
	if p.call != nil {
		err = p.finish(cmd, p.conn.Wait(ctx, p.call))
	}
	switch {
	case final:
	case err != nil:
		err = c.persist(ctx, cmd, n, err)
	default:
		n.answered()
	}
	cmd.SetErr(err)
	return err
}

// begin makes the first attempt with cmd, at n unless there is nobody to send it
// to. One that has ended at once is not pending; it is final if there is nothing
// to try again.
func (c *ClusterClient) begin(ctx context.Context, cmd Cmder) (p pending, n *node, final bool, err error) {
	if c.err != nil {
		return p, nil, true, c.err
	}
	if err := checkCommand(ctx, cmd); err != nil {
		return p, nil, true, err
	}
	if d, err := c.divide(ctx, cmd); err != nil {
		return p, nil, true, err
	} else if d != nil {
		return p, nil, true, c.processDivided(ctx, d)
	}
	t := targetOf(cmd)
	var try attempt
	n, err = c.route(ctx, &t, &try)
	if err == nil {
		p, err = n.submit(ctx, cmd, try.how)
	}
	return p, n, false, err
}

// persist judges the error that the first attempt has met at n, and makes
// another as long as that is what it takes.
func (c *ClusterClient) persist(ctx context.Context, cmd Cmder, n *node, err error) error {
	t := targetOf(cmd)
	var try attempt
	for {
		if err = c.tryAgain(ctx, &t, &try, n, err, cmd); err != nil {
			return err
		}
		if n, err = c.route(ctx, &t, &try); err == nil {
			err = n.exchange(ctx, cmd, try.how)
		}
		if err == nil {
			n.answered()
			c.report(&try, true)
			return nil
		}
	}
}

// slotMap returns the slot map, loading it if there is none yet.
func (c *ClusterClient) slotMap(ctx context.Context) (*slotMap, error) {
	if m := c.currentMap(); m != nil {
		return m, nil
	}
	if c.err != nil {
		return nil, c.err
	}
	if ctx == nil {
		return nil, errNilContext
	}
	began := time.Now()
	for retries := 0; ; retries++ {
		m, err := c.topology.get(ctx)
		if err == nil || errors.Is(err, ctx.Err()) || err == ErrClosed || hopeless(err) || retries >= c.opt.MaxRetries {
			return m, err
		}
		if isTimeout(err) && c.opt.PoolTimeout > 0 && time.Since(began) >= c.opt.PoolTimeout {
			return nil, err // as the client of a single server that does not answer
		}
		end := sleep(ctx, backoff(c.opt.MinRetryBackoff, c.opt.MaxRetryBackoff, retries))
		if err := pauseError(ctx, forBackoff, end, err); err != nil {
			return nil, err
		}
	}
}

// shardFor returns the shard that serves the slot, or any if slot is -1.
func (c *ClusterClient) shardFor(ctx context.Context, slot int) (*shard, error) {
	m, err := c.slotMap(ctx)
	if err != nil {
		return nil, err
	}
	return m.serving(slot)
}

func (c *ClusterClient) currentMap() *slotMap {
	if c.err != nil {
		return nil
	}
	return c.topology.now.Load()
}

// route finds the node for the next attempt.
func (c *ClusterClient) route(ctx context.Context, t *target, try *attempt) (*node, error) {
	m, err := c.slotMap(ctx)
	if err != nil {
		return nil, err
	}
	return c.routeBy(m, t, try)
}

// routeBy is route by the map of the caller: a batch uses one for a whole round.
func (c *ClusterClient) routeBy(m *slotMap, t *target, try *attempt) (*node, error) {
	if n := try.to; n != nil {
		try.to = nil
		return n, nil
	}
	try.how = 0
	s, err := m.shardOf(t)
	if err != nil {
		return nil, err
	}
	if t.anyShard && len(try.avoid) > 0 {
		s = m.beside(s, try.avoid)
	}
	n := s.primary
	if t.read && c.opt.readMode != readPrimary {
		n = s.choose(c.opt.readMode, c.opt.RouteByLatencyTolerance, try.avoid)
		if len(try.avoid) < len(s.nodes)-1 { // else nobody is left to stand in for it
			try.how = movable
		}
	}
	return n, nil
}
