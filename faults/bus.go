package main

import (
	"io"
	"net"
	"sync"
)

// busProxy stands before the cluster bus of one node, so that the node can be
// parted from the others. One proxy carries the links of all other nodes; whose
// link it is stands in the header of every message.
type busProxy struct {
	to       string // id of the node behind
	upstream string
	parting  *parting
	listener net.Listener
	wg       sync.WaitGroup

	mu     sync.Mutex
	conns  map[net.Conn]bool
	closed bool
}

// parting is the set of nodes that are parted from all others.
type parting struct {
	mu   sync.Mutex
	ids  map[string]bool
	lost []net.Conn // links that have lost bytes, or would have
}

// set parts a node from the others, or joins it with them again. Then the links
// that lost bytes end: their messages would not fit together, and a node does not
// give up a silent link to one that it hears by another.
func (p *parting) set(id string, parted bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ids[id] = parted
	if parted {
		return
	}
	for _, nc := range p.lost {
		_ = nc.Close()
	}
	p.lost = nil
}

// loses tells whether what a sends to b on the link is lost.
func (p *parting) loses(nc net.Conn, a, b string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	parted := p.ids[a] || p.ids[b]
	if parted {
		p.lost = append(p.lost, nc)
	}
	return parted
}

// A bus message begins with a signature and 36 more bytes, after which comes
// the id of its sender.
const (
	senderAt  = 40
	senderLen = 40
)

func newBusProxy(id, upstream string, parting *parting) (*busProxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &busProxy{to: id, upstream: upstream, parting: parting, listener: l, conns: map[net.Conn]bool{}}
	p.wg.Go(p.serve)
	return p, nil
}

func (p *busProxy) port() int { return p.listener.Addr().(*net.TCPAddr).Port }

func (p *busProxy) serve() {
	for {
		nc, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.wg.Go(func() { p.link(nc) })
	}
}

// link carries one node's messages to the node behind, and its answers back.
func (p *busProxy) link(near net.Conn) {
	defer p.drop(near)
	if !p.keep(near) {
		return
	}
	head := make([]byte, senderAt+senderLen)
	if _, err := io.ReadFull(near, head); err != nil {
		return
	}
	from := string(head[senderAt:])
	far, err := net.Dial("tcp", p.upstream)
	if err != nil {
		return
	}
	defer p.drop(far)
	if !p.keep(far) {
		return
	}
	if p.parting.loses(near, from, p.to) {
		_, _ = io.Copy(io.Discard, near)
		return
	}
	if _, err := far.Write(head); err != nil {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.copy(near, far, from)
	}()
	p.copy(far, near, from)
	<-done
}

// copy carries bytes, and loses them once the nodes are parted.
func (p *busProxy) copy(dst, src net.Conn, from string) {
	buf := make([]byte, 16<<10)
	for {
		n, err := src.Read(buf)
		if err != nil {
			break
		}
		if p.parting.loses(src, from, p.to) {
			_, _ = io.Copy(io.Discard, src)
			break
		}
		if _, err := dst.Write(buf[:n]); err != nil {
			break
		}
	}
	_ = dst.Close()
	_ = src.Close()
}

func (p *busProxy) keep(nc net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[nc] = true
	return !p.closed
}

func (p *busProxy) drop(nc net.Conn) {
	p.mu.Lock()
	delete(p.conns, nc)
	p.mu.Unlock()
	_ = nc.Close()
}

// reset closes every link; the nodes open new ones.
func (p *busProxy) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for nc := range p.conns {
		_ = nc.Close()
	}
}

func (p *busProxy) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	_ = p.listener.Close()
	p.reset()
	p.wg.Wait()
}
