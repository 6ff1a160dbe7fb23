package redis

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"sync/atomic"
)

// Hook sees, and may change, what a client does. Each method is given the next
// step and returns what takes its place, which should call it; nil leaves the step as
// it is. It is called once when the hook is added, except for DialHook, which is called
// for every dial. Of several hooks the one that was added first is the outermost.
//
//	func (h latency) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
//		return func(ctx context.Context, cmd redis.Cmder) error {
//			start := time.Now()
//			err := next(ctx, cmd)
//			h.observe(cmd.FullName(), time.Since(start))
//			return err
//		}
//	}
//
// The hooks of a [ClusterClient] see what its callers do: each command once,
// however often it is sent or into how many parts it is split. Those of the
// nodes' clients, which [ClusterClient.OnNewNode] and ForEachShard hand out, see
// what is sent to the node. What the client does on its own account, such as
// loading the slot map, no hook sees but for the dials.
//
// A panic in a hook around a single command or a transaction is the caller's to recover,
// as it is in one around a pipeline of the client that is called. In a hook around a dial,
// or around what a [ClusterClient] sends to a node of a pipeline or of a divided command,
// it becomes a [*PanicError]: others depend on the goroutine.
type Hook interface {
	// DialHook is for opening a connection to a node, also for publish and
	// subscribe.
	DialHook(next DialHook) DialHook
	// ProcessHook is for a single command.
	ProcessHook(next ProcessHook) ProcessHook
	// ProcessPipelineHook is for the commands of a pipeline, or of a
	// transaction, which has MULTI before them and EXEC behind.
	ProcessPipelineHook(next ProcessPipelineHook) ProcessPipelineHook
}

type (
	// DialHook opens a connection.
	DialHook func(ctx context.Context, network, addr string) (net.Conn, error)
	// ProcessHook sends a command and puts the reply, or the error, into it.
	ProcessHook func(ctx context.Context, cmd Cmder) error
	// ProcessPipelineHook does the same with several.
	ProcessPipelineHook func(ctx context.Context, cmds []Cmder) error
)

// AddHook adds a hook to those of the client. It sees what begins afterwards.
func (c *ClusterClient) AddHook(hook Hook) { c.hooks.add(hook) }

// AddHook adds a hook to those of the client. It sees what begins afterwards.
func (c *Client) AddHook(hook Hook) { c.hooks.add(hook) }

// AddHook adds a hook for this connection to those that it has of its client.
func (c *Conn) AddHook(hook Hook) { c.hooks.add(hook) }

// AddHook adds a hook for this connection to those that it has of its client.
func (tx *Tx) AddHook(hook Hook) { tx.hooks.add(hook) }

// hooks is what was added to a client, around what it does without.
type hooks struct {
	base  steps
	mu    sync.Mutex
	chain atomic.Pointer[hookChain] // nil as long as there are none
}

// steps is what hooks are for, but for dials.
type steps struct {
	process  ProcessHook
	pipeline ProcessPipelineHook
	tx       ProcessPipelineHook
}

type hookChain struct {
	steps
	list []Hook
}

func (h *hooks) add(list ...Hook) {
	h.mu.Lock()
	defer h.mu.Unlock()
	chain := &hookChain{h.base, append(slices.Clone(h.list()), list...)}
	chain.list = slices.DeleteFunc(chain.list, func(hook Hook) bool { return hook == nil })
	if len(chain.list) == 0 {
		return
	}
	for _, hook := range slices.Backward(chain.list) {
		chain.process = orNext(hook.ProcessHook(chain.process), chain.process)
		chain.pipeline = orNext(hook.ProcessPipelineHook(chain.pipeline), chain.pipeline)
		chain.tx = orNext(hook.ProcessPipelineHook(chain.tx), chain.tx)
	}
	h.chain.Store(chain)
}

// orNext is what a method of a hook has returned, or the next step if that is nil.
func orNext[F ProcessHook | ProcessPipelineHook | DialHook](hooked, next F) F {
	if hooked == nil {
		return next
	}
	return hooked
}

// list is the hooks, the outermost first.
func (h *hooks) list() []Hook {
	if h == nil {
		return nil
	}
	if chain := h.chain.Load(); chain != nil {
		return chain.list
	}
	return nil
}

// process processes cmd through the hooks.
func (h *hooks) process(ctx context.Context, cmd Cmder) error {
	if chain := h.chain.Load(); chain != nil {
		offer(cmd)
		defer withdraw(cmd)
		err := chain.process(ctx, cmd)
		cmd.SetErr(err)
		return err
	}
	return h.base.process(ctx, cmd)
}

func (h *hooks) pipeline(ctx context.Context, cmds []Cmder) error {
	if chain := h.chain.Load(); chain != nil {
		offer(cmds...)
		defer withdraw(cmds...)
		return chain.pipeline(ctx, cmds)
	}
	return h.base.pipeline(ctx, cmds)
}

// tx processes a transaction. Hooks see it between MULTI and EXEC.
func (h *hooks) tx(ctx context.Context, cmds []Cmder) error {
	if chain := h.chain.Load(); chain != nil {
		offer(cmds...)
		defer withdraw(cmds...)
		return chain.tx(ctx, enclosed(cmds))
	}
	return h.base.tx(ctx, cmds)
}

func enclosed(cmds []Cmder) []Cmder {
	multi, exec := new(StatusCmd), new(SliceCmd)
	multi.start("multi")
	exec.start("exec")
	return append(append([]Cmder{multi}, cmds...), exec)
}

// enclosing is process for a list that may have MULTI and EXEC around it.
func enclosing(process ProcessPipelineHook) ProcessPipelineHook {
	return func(ctx context.Context, cmds []Cmder) error {
		last := len(cmds) - 1
		if last < 1 || cmds[0].Name() != "multi" || cmds[last].Name() != "exec" {
			return process(ctx, cmds)
		}
		err := process(ctx, cmds[1:last])
		cmds[last].SetErr(err)
		return err
	}
}

// errNoCommand is the error of a step that was given a nil command.
var errNoCommand = errors.New("redis: a command is nil")

// newSteps are the steps of a client. A hook, or a pipeline, may give them nil.
func newSteps(process ProcessHook, pipeline, tx ProcessPipelineHook) steps {
	return steps{
		func(ctx context.Context, cmd Cmder) error {
			if cmd == nil {
				return errNoCommand
			}
			return process(ctx, cmd)
		},
		withCommands(pipeline),
		withCommands(enclosing(tx)),
	}
}

// withCommands is process for a list that may have nil in it: then nothing is sent.
func withCommands(process ProcessPipelineHook) ProcessPipelineHook {
	return func(ctx context.Context, cmds []Cmder) error {
		if !slices.Contains(cmds, nil) {
			return process(ctx, cmds)
		}
		for _, cmd := range cmds {
			if cmd != nil {
				cmd.SetErr(errNoCommand)
			}
		}
		return errNoCommand
	}
}

// dialHooked is how the hooks of a client, and of the cluster client that it
// belongs to, let a connection be opened.
func (o *Options) dialHooked(dial DialHook) DialHook {
	for _, h := range []*hooks{o.hooks, o.outerHooks} {
		for _, hook := range slices.Backward(h.list()) {
			dial = orNext(hook.DialHook(dial), dial)
		}
	}
	return dial
}

// offered is what hooks may do, and have done, with a command's arguments.
type offered struct {
	open   bool  // a hook may change what Args gives out
	args   []any // what it has given out; nil: nothing
	before []arg // the arguments as the caller gave them, if a hook has changed them
}

// offer lets what Args gives out be changed until the command is sent, or the offer
// is withdrawn: from then on Args changes nothing itself, and may be called by several
// goroutines.
func offer(cmds ...Cmder) {
	for _, cmd := range cmds {
		cmd.command().own().offered = &offered{open: true}
	}
}

func withdraw(cmds ...Cmder) {
	for _, cmd := range cmds {
		if b := cmd.command(); b.rare != nil && b.rare.offered != nil {
			b.rare.offered.open, b.rare.offered.args = false, nil
		}
	}
}

// heed takes over what was changed in what Args has given out.
func (c *baseCmd) heed() {
	offer := c.rare.offered
	if offer == nil || !offer.open {
		return
	}
	given := offer.args
	offer.open, offer.args = false, nil
	if given == nil {
		return
	}
	changed := false
	list := make([]arg, len(given))
	for i, v := range given {
		list[i] = c.sendable(v, i)
		changed = changed || list[i] != c.arg(i)
	}
	if changed {
		offer.before = c.allArgs()
		c.info, c.short = nil, [len(c.short)]arg{}
		c.rare.list = list
	}
}

// callersArgs is the arguments as the caller gave them, whatever hooks have changed.
func (c *baseCmd) callersArgs() []arg {
	if offer := c.peculiar().offered; offer != nil && offer.before != nil {
		return slices.Clone(offer.before)
	}
	return c.allArgs()
}

func (c *baseCmd) allArgs() []arg {
	list := make([]arg, c.argCount())
	for i := range list {
		list[i] = c.arg(i)
	}
	return list
}
