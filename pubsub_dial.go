package redis

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
	"github.com/seed-e06f3def/rediscluster/internal/wire"
)

// serverSelf is what a server says of itself in answer to HELLO.
type serverSelf struct {
	replica   bool
	clustered bool // it is part of a cluster, as opposed to one that stands alone
}

// dialPubSub opens a connection for subscriptions, or for MONITOR. If asked for, it
// tells what the server says of itself.
func (d *dialer) dialPubSub(ctx context.Context, ask bool) (nc net.Conn, self serverSelf, err error) {
	type opened struct {
		nc   net.Conn
		self serverSelf
	}
	o, err := inTime(ctx, d, func(ctx context.Context, d *dialer) (opened, error) {
		nc, self, err := d.openPubSub(ctx, ask)
		return opened{nc, self}, err
	}, func(o opened) { closeNow(o.nc) })
	return o.nc, o.self, err
}

// openPubSub opens the connection. The handshake is that of every connection;
// afterwards nothing but the bare connection is left, on which the server speaks
// unasked.
func (d *dialer) openPubSub(ctx context.Context, ask bool) (nc net.Conn, self serverSelf, err error) {
	nc, err = d.open(ctx)
	if err != nil {
		return nil, self, err
	}
	lent := &lentConn{Conn: nc}
	conn := wire.New(lent, wire.Options{
		Node:         d.opt.Addr,
		ReadTimeout:  max(0, d.opt.ReadTimeout),
		WriteTimeout: max(0, d.opt.WriteTimeout),
		MaxReply:     max(0, d.opt.MaxReplySize),
	})
	err = d.within(ctx, conn, func() error {
		err := d.setUp(ctx, conn)
		if err == nil && ask {
			self, err = d.askSelf(ctx, conn)
		}
		return err
	})
	if err != nil {
		conn.Close(err)
		return nil, self, err
	}
	err = lent.takeBack()
	conn.Close(wire.ErrClosed)
	if err != nil {
		_ = nc.Close()
		return nil, self, d.failed("dial", err)
	}
	return nc, self, nil
}

// askSelf asks the server what it is. One that does not say counts as a primary that
// stands alone.
func (d *dialer) askSelf(ctx context.Context, conn *wire.Conn) (self serverSelf, err error) {
	call := wire.NewCall()
	defer call.Free()
	call.Request.Bytes = appendWords(call.Request.Bytes, "hello")
	if err := conn.Do(ctx, call); err != nil {
		return self, d.failed("handshake", err)
	}
	return readSelf(call.Decoder()), nil
}

// readSelf reads the answer to HELLO.
func readSelf(d *resp.Decoder) (self serverSelf) {
	pairs, err := d.Pairs()
	for i := 0; i < pairs && err == nil; i++ {
		var name string
		if name, err = d.String(); err != nil {
			break
		}
		if kind := d.Peek(); kind == resp.Array || name != "role" && name != "mode" {
			err = d.Skip()
			continue
		}
		var value string
		value, err = d.String()
		switch {
		case err != nil:
		case name == "mode":
			self.clustered = value == "cluster"
		default:
			self.replica = value == "replica" || value == "slave"
		}
	}
	return self
}

// lentConn is a connection that was taken back: who had it on loan can do
// nothing to it any more.
type lentConn struct {
	net.Conn
	back    atomic.Bool
	reading sync.Mutex
}

// takeBack ends the loan. A read that is under way is broken off.
func (c *lentConn) takeBack() error {
	c.back.Store(true)
	if err := c.Conn.SetDeadline(time.Unix(1, 0)); err != nil {
		return err
	}
	c.reading.Lock()
	defer c.reading.Unlock()
	return c.Conn.SetDeadline(time.Time{})
}

func (c *lentConn) Close() error {
	if c.back.Load() {
		return nil
	}
	return c.Conn.Close()
}

func (c *lentConn) Read(b []byte) (int, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	if c.back.Load() {
		return 0, net.ErrClosed
	}
	return c.Conn.Read(b)
}

func (c *lentConn) Write(b []byte) (int, error) {
	if c.back.Load() {
		return 0, net.ErrClosed
	}
	return c.Conn.Write(b)
}

func (c *lentConn) SetDeadline(t time.Time) error {
	if c.back.Load() {
		return net.ErrClosed
	}
	return c.Conn.SetDeadline(t)
}

func (c *lentConn) SetReadDeadline(t time.Time) error {
	if c.back.Load() {
		return net.ErrClosed
	}
	return c.Conn.SetReadDeadline(t)
}

func (c *lentConn) SetWriteDeadline(t time.Time) error {
	if c.back.Load() {
		return net.ErrClosed
	}
	return c.Conn.SetWriteDeadline(t)
}

// closeNow closes a connection without a goodbye, which could wait for a dead
// peer.
func closeNow(nc net.Conn) {
	if secure, ok := nc.(*tls.Conn); ok {
		nc = secure.NetConn()
	}
	_ = nc.Close()
}
