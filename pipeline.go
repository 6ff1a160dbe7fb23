package redis

import (
	"context"
	"slices"
	"sync"
)

// Pipeliner collects commands and sends them together. What a command returns
// has no reply until Exec.
//
// A pipeline is no transaction: every command stands for itself, has its own
// error, and may run beside the commands of others. Each node's commands are
// sent in their order; those of different nodes run at the same time. A command that is
// tried again, after a redirect or while its shard fails over, runs after later ones for
// its node: use a transaction where the order of commands matters. The context that
// counts is that of Exec: those given to the methods of single commands are not used.
type Pipeliner interface {
	StatefulCmdable

	// Len is the number of commands collected.
	Len() int
	// Do adds a command for which there is no method. Without arguments it adds
	// nothing: what it returns has an error at once.
	Do(ctx context.Context, args ...any) *Cmd
	// Process adds a command.
	Process(ctx context.Context, cmd Cmder) error
	// BatchProcess adds commands.
	BatchProcess(ctx context.Context, cmd ...Cmder) error
	// Discard forgets the commands collected.
	Discard()
	// Exec sends the commands and waits for the replies. It returns the
	// commands in their order, and the first error among them, [Nil] included; each
	// command has its own. The pipeline is empty afterwards and may be used again.
	Exec(ctx context.Context) ([]Cmder, error)
	// Cmds is the commands collected.
	Cmds() []Cmder
}

// Pipeline is the Pipeliner of all clients. It is not safe for use by several
// goroutines at the same time but for adding commands.
type Pipeline struct {
	cmdable
	statefulCmdable

	exec  func(ctx context.Context, cmds []Cmder) error
	after cmdable // gets the pages behind those of the pipeline's SCANs
	// oneNode says that a SCAN in it is for one node of a cluster, and the rest of the
	// scan is nobody's to get.
	oneNode bool

	mu    sync.Mutex
	cmds  []Cmder // in a list of many pipelines' use, one after another
	scans bool    // a *ScanCmd is among them
}

func newPipeline(exec func(context.Context, []Cmder) error, after cmdable) *Pipeline {
	p := &Pipeline{exec: exec, after: after}
	process := p.Process
	p.cmdable = process
	p.statefulCmdable = process
	return p
}

// cmdLists has the lists that pipelines collect commands in, so that these need
// not grow anew. What Exec returns is the caller's, and just as long as it needs
// to be.
var cmdLists = sync.Pool{New: func() any { return new([]Cmder) }}

// add adds commands. The lock is held.
func (p *Pipeline) add(cmds ...Cmder) {
	if p.cmds == nil {
		p.cmds = *cmdLists.Get().(*[]Cmder)
	}
	p.cmds = append(p.cmds, cmds...)
	for _, cmd := range cmds {
		if scan, ok := cmd.(*ScanCmd); ok {
			scan.process, scan.queued = p.after, true
			scan.oneNode = p.oneNode && scan.Name() == "scan"
			p.scans = true
		}
	}
}

// forget empties the pipeline and gives the list back. The lock is held.
func (p *Pipeline) forget() {
	const keep = 1024
	list := p.cmds
	p.cmds, p.scans = nil, false
	if cap(list) > 0 && cap(list) <= keep {
		clear(list)
		list = list[:0]
		cmdLists.Put(&list)
	}
}

// Len is the number of commands collected.
func (p *Pipeline) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.cmds)
}

// Do adds a command for which there is no method. Without arguments it adds nothing:
// what it returns has an error at once.
func (p *Pipeline) Do(ctx context.Context, args ...any) *Cmd {
	cmd := NewCmd(ctx, args...)
	if len(args) == 0 {
		cmd.SetErr(errNameless)
		return cmd
	}
	return do(ctx, p.cmdable, cmd)
}

// Process adds a command.
func (p *Pipeline) Process(ctx context.Context, cmd Cmder) error {
	return p.BatchProcess(ctx, cmd)
}

// BatchProcess adds commands.
func (p *Pipeline) BatchProcess(ctx context.Context, cmds ...Cmder) error {
	if slices.Contains(cmds, nil) {
		return errNoCommand
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.add(cmds...)
	return nil
}

// Discard forgets the commands collected.
func (p *Pipeline) Discard() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget()
}

// Cmds is the commands collected.
func (p *Pipeline) Cmds() []Cmder {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.cmds)
}

// Exec sends the commands and waits for the replies.
func (p *Pipeline) Exec(ctx context.Context) ([]Cmder, error) {
	p.mu.Lock()
	cmds := slices.Clone(p.cmds)
	scans := p.scans
	p.forget()
	p.mu.Unlock()
	if len(cmds) == 0 {
		return cmds, nil
	}
	for _, cmd := range cmds {
		if !scans {
			break
		}
		if scan, ok := cmd.(*ScanCmd); ok {
			scan.queued = false
		}
	}
	return cmds, p.exec(ctx, cmds)
}

// Pipeline returns the pipeline itself.
func (p *Pipeline) Pipeline() Pipeliner { return p }

// Pipelined calls fn with the pipeline and executes it, unless fn fails.
func (p *Pipeline) Pipelined(ctx context.Context, fn func(Pipeliner) error) ([]Cmder, error) {
	if err := fn(p); err != nil {
		return nil, err
	}
	return p.Exec(ctx)
}

// TxPipeline returns the pipeline itself.
func (p *Pipeline) TxPipeline() Pipeliner { return p }

// TxPipelined calls fn with the pipeline and executes it, unless fn fails.
func (p *Pipeline) TxPipelined(ctx context.Context, fn func(Pipeliner) error) ([]Cmder, error) {
	return p.Pipelined(ctx, fn)
}

// Pipeline starts a pipeline.
func (c *Client) Pipeline() Pipeliner { return newPipeline(c.hooks.pipeline, c.Process) }

// Pipelined calls fn with a pipeline and executes it, unless fn fails.
func (c *Client) Pipelined(ctx context.Context, fn func(Pipeliner) error) ([]Cmder, error) {
	return c.Pipeline().Pipelined(ctx, fn)
}

// Pipeline starts a pipeline over all nodes.
func (c *ClusterClient) Pipeline() Pipeliner { return newPipeline(c.hooks.pipeline, c.Process) }

// Pipelined calls fn with a pipeline over all nodes and executes it, unless fn
// fails.
func (c *ClusterClient) Pipelined(ctx context.Context, fn func(Pipeliner) error) ([]Cmder, error) {
	return c.Pipeline().Pipelined(ctx, fn)
}

// setErrors gives all commands the same error, which it returns.
func setErrors(cmds []Cmder, err error) error {
	for _, cmd := range cmds {
		cmd.SetErr(err)
	}
	return err
}

// firstError is the error of the first command that has one.
func firstError(cmds []Cmder) error {
	for _, cmd := range cmds {
		if err := cmd.Err(); err != nil {
			return err
		}
	}
	return nil
}
