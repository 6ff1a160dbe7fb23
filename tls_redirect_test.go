package redis

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// newScriptedTLS starts a server with a certificate for these names alone, which
// it signs itself; roots learns to trust it.
func newScriptedTLS(t *testing.T, roots *x509.CertPool, names ...string) *scripted {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	roots.AddCert(cert)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := newScriptedAt(t, listener.Addr().String())
	s.listener = tls.NewListener(listener, &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
	})
	s.serving.Go(func() { s.acceptFrom(s.listener) })
	return s
}

// servesAll is the slot map in which a node with a host name serves all slots.
func servesAll(s *scripted, hostname string) []ClusterSlot {
	n := ClusterNode{Addr: s.addr, NetworkingMetadata: map[string]string{"hostname": hostname}}
	return []ClusterSlot{{Start: 0, End: slotCount - 1, Nodes: []ClusterNode{n}}}
}

// nodesLine is a line of what CLUSTER NODES answers.
func nodesLine(s *scripted, more string) string {
	return fmt.Sprintf("id-%s %s@1%s master - 0 0 1 connected\n", s.port(), s.addr, more)
}

// strangers is a cluster of one node that is known by its host name, and another
// that is not, to which it sends commands.
type strangers struct {
	known, stranger *scripted
	roots           *x509.CertPool
	reload          chan []ClusterSlot // the maps after the first
}

func newStrangers(t *testing.T, kind string, names ...string) *strangers {
	t.Helper()
	roots := x509.NewCertPool()
	s := &strangers{
		known:    newScriptedTLS(t, roots, "a.example"),
		stranger: newScriptedTLS(t, roots, names...),
		roots:    roots,
		reload:   make(chan []ClusterSlot),
	}
	s.known.on("CLUSTER NODES", says(bulk(nodesLine(s.known, ",a.example")+nodesLine(s.stranger, ",b.example,,shard-id=1"))))
	s.known.on("GET", moves(kind, "key", s.stranger.addr))
	s.stranger.on("GET", says(bulk("v")))
	return s
}

func (s *strangers) client(t *testing.T, change func(*ClusterOptions)) *ClusterClient {
	first := make(chan []ClusterSlot, 1)
	first <- servesAll(s.known, "a.example")
	return clusterOf(t, []*scripted{s.known}, func(o *ClusterOptions) {
		o.TLSConfig = &tls.Config{RootCAs: s.roots}
		o.ClusterSlots = func(ctx context.Context) ([]ClusterSlot, error) {
			select {
			case slots := <-first:
				return slots, nil
			case slots := <-s.reload:
				return slots, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		if change != nil {
			change(o)
		}
	})
}

// A redirect names an address, and the certificate there is for a name that no
// slot map has told yet.
func TestTLSRedirectToAStranger(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"MOVED", "ASK"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newStrangers(t, kind, "b.example")
			c := s.client(t, nil)
			ctx := background(t)
			for range 2 {
				require.Equal(t, "v", c.Get(ctx, "key").Val())
			}
			require.Equal(t, 1, s.known.count("CLUSTER NODES"))

			// A node that is in no map, but works, is kept: it is not dialled anew.
			again := c.topology.next()
			c.ReloadState(ctx)
			s.reload <- servesAll(s.known, "a.example")
			<-again
			require.Equal(t, "v", c.Get(ctx, "key").Val())
			_, ever := s.stranger.connections()
			require.Equal(t, 2, ever, "the first certificate was refused")

			// When none has named it for long it is forgotten, and its name is not.
			c.topology.mu.Lock()
			c.topology.nodes[s.stranger.addr].namedAt = time.Now().Add(-strangerFor)
			c.topology.mu.Unlock()
			c.ReloadState(ctx)
			s.reload <- servesAll(s.known, "a.example")
			awaitThat(t, "the node to be forgotten", func() bool {
				c.topology.mu.Lock()
				defer c.topology.mu.Unlock()
				return c.topology.nodes[s.stranger.addr] == nil
			})
			require.Equal(t, "v", c.Get(ctx, "key").Val())
			require.Equal(t, 1, s.known.count("CLUSTER NODES"))
		})
		t.Run(kind+" in a pipeline", func(t *testing.T) {
			t.Parallel()
			s := newStrangers(t, kind, "b.example")
			p := s.client(t, nil).Pipeline()
			first, second := p.Get(background(t), "key"), p.Get(background(t), "key")
			_, err := p.Exec(background(t))
			require.NoError(t, err)
			require.Equal(t, "vv", first.Val()+second.Val())
			require.Equal(t, 1, s.known.count("CLUSTER NODES"))
		})
	}
}

// After MOVED the map has the node by its name.
func TestTLSMovedAndAnnounced(t *testing.T) {
	t.Parallel()
	s := newStrangers(t, "MOVED", "b.example")
	c := s.client(t, nil)
	ctx := background(t)
	require.Equal(t, "v", c.Get(ctx, "key").Val())
	s.reload <- servesAll(s.stranger, "b.example")
	awaitThat(t, "the name in the map", func() bool {
		return c.currentMap().at(0).primary.hostname == "b.example"
	})
	require.Equal(t, "v", c.Get(ctx, "key").Val())
	require.Equal(t, 1, s.known.count("CLUSTER NODES"))
}

// Nobody is asked for the name of a node that needs none.
func TestTLSRedirectWithoutQuestions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		proves []string
		host   string // that the redirect names
		change func(*ClusterOptions)
	}{
		{"the address is proved", []string{"127.0.0.1"}, "127.0.0.1", nil},
		{"a host name is proved", []string{"localhost"}, "localhost", nil},
		{"a name is configured", []string{"a.example"}, "127.0.0.1", func(o *ClusterOptions) { o.TLSConfig.ServerName = "a.example" }},
		{"nothing is verified", []string{"b.example"}, "127.0.0.1", func(o *ClusterOptions) { o.TLSConfig.InsecureSkipVerify = true }},
	} {
		for _, kind := range []string{"MOVED", "ASK"} {
			t.Run(test.name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				s := newStrangers(t, kind, test.proves...)
				s.known.on("GET", moves(kind, "key", test.host+":"+s.stranger.port()))
				c := s.client(t, test.change)
				require.Equal(t, "v", c.Get(background(t), "key").Val())
				require.Zero(t, s.known.count("CLUSTER NODES"))
				_, ever := s.stranger.connections()
				require.Equal(t, 1, ever)
			})
		}
	}
}

// If nobody tells the name, or not the right one, the certificate is refused as
// ever.
func TestTLSRedirectToAnImpostor(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(s *strangers) reaction{
		"no name":      func(s *strangers) reaction { return says(bulk(nodesLine(s.stranger, ""))) },
		"not listed":   func(s *strangers) reaction { return says(bulk(nodesLine(s.known, ",a.example"))) },
		"another name": func(s *strangers) reaction { return says(bulk(nodesLine(s.stranger, ",a.example"))) },
		"refused":      func(*strangers) reaction { return says("-NOPERM this user may not\r\n") },
		"hung up":      func(*strangers) reaction { return hangsUp },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStrangers(t, "ASK", "b.example")
			s.known.on("CLUSTER NODES", answer(s))
			c := s.client(t, nil)
			promptly(t, func() {
				err := c.Get(background(t), "key").Err()
				var dial *DialError
				require.ErrorAs(t, err, &dial)
				require.Equal(t, s.stranger.addr, dial.Node)
				require.Equal(t, "TLS handshake", dial.Stage)
				require.ErrorAs(t, err, new(x509.HostnameError))
			})
			require.Equal(t, 1, s.known.count("CLUSTER NODES"))
			require.Empty(t, s.stranger.received())
		})
	}
}

// The address of a node may become that of another one.
func TestTLSNameOfAStrangerChanges(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{"b.example": ",b.example", "127.0.0.1": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStrangers(t, "ASK", name)
			s.known.on("CLUSTER NODES", says(bulk(nodesLine(s.stranger, answer))))
			c := s.client(t, nil)
			c.topology.names.Store(s.stranger.addr, "of-old.example")
			require.Equal(t, "v", c.Get(background(t), "key").Val())
		})
	}
}

// Only nodes with a connection are asked, and each no longer than it may take.
func TestNameOf(t *testing.T) {
	bubble(t, func(t *testing.T) {
		network := newMemoryNet(t)
		var ranges []scriptedRange
		var servers []*scripted
		for i := range 5 {
			s := network.add(fmt.Sprintf("10.0.0.%d:1", i))
			s.on("CLUSTER NODES", stalls)
			servers = append(servers, s)
			ranges = append(ranges, scriptedRange{i, i, []string{s.addr}})
		}
		for _, s := range servers {
			s.setSlots(ranges...)
		}
		c := network.client(nil, servers[0].addr)
		ctx := context.Background()
		require.NoError(t, c.ForEachMaster(ctx, func(ctx context.Context, node *Client) error {
			if node.NodeAddress() == servers[0].addr {
				return nil
			}
			return node.Ping(ctx).Err()
		}))
		begin := time.Now()
		require.Empty(t, c.topology.nameOf(ctx, "10.0.0.9:1"))
		require.Equal(t, refreshTimeout, time.Since(begin))
		asked := 0
		for _, s := range servers {
			asked += s.count("CLUSTER NODES")
		}
		require.Equal(t, askForName, asked)
		require.Zero(t, servers[0].count("CLUSTER NODES"))

		ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		begin = time.Now()
		require.Empty(t, c.topology.nameOf(ctx, "10.0.0.9:1"))
		require.Equal(t, time.Millisecond, time.Since(begin))
	})
}

func TestHostnameIn(t *testing.T) {
	t.Parallel()
	text := "aa :7000@17000,a.example myself,master - 0 0 2 connected 0-16383\n" +
		"b0 10.0.0.2:7001@17001 master,fail - 1 2 0 disconnected\n" +
		"bb 10.0.0.2:7001@17001,b.example,shard-id=1 master - 0 1 3 connected\n" +
		"cc 10.0.0.3:7002@17002,,tls-port=1 slave bb 1 2 3 connected\n" +
		"dd fe80::1:7003@17003,d.example slave bb 1 2 3 connected\n" +
		"ee 127.0.0.1:7004@17004,e.example slave bb 1 2 3 connected\n" +
		"short 10.0.0.5:7005@17005,f.example\n"
	for addr, want := range map[string]string{
		"10.0.0.1:7000":  "a.example",
		"10.0.0.2:7001":  "b.example",
		"10.0.0.3:7002":  "",
		"[fe80::1]:7003": "d.example",
		"10.0.0.1:7004":  "e.example",
		"10.0.0.5:7005":  "",
		"10.0.0.9:7001":  "",
	} {
		require.Equal(t, want, hostnameIn(text, addr, "10.0.0.1:7000"), addr)
	}
	require.Empty(t, hostnameIn("", "h:1", "h:2"))
}
