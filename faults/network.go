package main

import (
	"bytes"
	"context"
	"net"
	"sync"
	"time"
)

// network is how the driver under test reaches the nodes. It counts what the
// driver does, and can leave dials unanswered, which a proxy cannot: a proxy's
// system answers them before the proxy is asked.
type network struct {
	mu    sync.Mutex
	dark  map[string]bool // addresses that do not answer a dial
	dials []dialled
	maps  []time.Time // requests for the slot map
	open  int
}

type dialled struct {
	addr string
	at   time.Time
}

func newNetwork() *network { return &network{dark: map[string]bool{}} }

// Dial is what the driver dials with.
func (n *network) Dial(ctx context.Context, _, addr string) (net.Conn, error) {
	n.mu.Lock()
	n.dials = append(n.dials, dialled{addr, time.Now()})
	n.mu.Unlock()
	// A system repeats its SYN after 1, 3, 7 … seconds.
	for pause := time.Second; n.isDark(addr); pause *= 2 {
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: ctx.Err()}
		}
	}
	var d net.Dialer
	nc, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	n.open++
	n.mu.Unlock()
	return &watchedConn{TCPConn: nc.(*net.TCPConn), network: n}, nil
}

func (n *network) isDark(addr string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dark[addr]
}

func (n *network) setDark(addr string, dark bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dark[addr] = dark
}

// dialsTo is when the driver dialled the address, between two times.
func (n *network) dialsTo(addr string, from, to time.Time) (at []time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, d := range n.dials {
		if (addr == "" || d.addr == addr) && d.at.After(from) && d.at.Before(to) {
			at = append(at, d.at)
		}
	}
	return at
}

// mapsAsked is when the driver asked for the slot map, between two times.
func (n *network) mapsAsked(from, to time.Time) (at []time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, t := range n.maps {
		if t.After(from) && t.Before(to) {
			at = append(at, t)
		}
	}
	return at
}

func (n *network) left() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.open
}

// busiestSecond is how many of the times, in order, fall into one second.
func busiestSecond(at []time.Time) int {
	most, first := 0, 0
	for i, t := range at {
		for t.Sub(at[first]) >= time.Second {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// watchedConn is a driver's connection.
type watchedConn struct {
	*net.TCPConn
	network *network
	once    sync.Once
}

// mapRequests is how requests for the slot map look on the wire, in lower case.
var mapRequests = [][]byte{
	[]byte("$7\r\ncluster\r\n$5\r\nslots\r\n"),
	[]byte("$7\r\ncluster\r\n$6\r\nshards\r\n"),
}

func (c *watchedConn) Write(b []byte) (int, error) {
	lower := bytes.ToLower(b)
	for _, request := range mapRequests {
		if bytes.Contains(lower, request) {
			c.network.mu.Lock()
			c.network.maps = append(c.network.maps, time.Now())
			c.network.mu.Unlock()
		}
	}
	return c.TCPConn.Write(b)
}

func (c *watchedConn) Close() error {
	c.once.Do(func() {
		c.network.mu.Lock()
		c.network.open--
		c.network.mu.Unlock()
	})
	return c.TCPConn.Close()
}
