package redis

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/wire"
)

// dialPubSub opens a connection for subscriptions. The handshake is that of
// every connection; afterwards nothing but the bare connection is left, on
// which the server speaks unasked.
func (d *dialer) dialPubSub(ctx context.Context) (net.Conn, error) {
	nc, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	lent := &lentConn{Conn: nc}
	conn := wire.New(lent, wire.Options{
		Node:         d.opt.Addr,
		ReadTimeout:  max(0, d.opt.ReadTimeout),
		WriteTimeout: max(0, d.opt.WriteTimeout),
	})
	if err := d.setUp(ctx, conn); err != nil {
		conn.Close(err)
		return nil, err
	}
	err = lent.takeBack()
	conn.Close(wire.ErrClosed)
	if err != nil {
		_ = nc.Close()
		return nil, d.failed("dial", err)
	}
	return nc, nil
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
