package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// front is the proxy before a node's port for clients. Clients know the node by
// the proxy's port.
type front struct {
	proxy *toxiproxy.Proxy
}

// toxins is the part of toxiproxy that all proxies share.
func toxins() *toxiproxy.ApiServer {
	return toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
}

func newFront(server *toxiproxy.ApiServer, upstream string) (*front, error) {
	f := &front{toxiproxy.NewProxy(server, upstream, "127.0.0.1:0", upstream)}
	if err := f.proxy.Start(); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *front) addr() string { return f.proxy.Listen }

func (f *front) port() int {
	_, port, _ := net.SplitHostPort(f.addr())
	n, _ := strconv.Atoi(port)
	return n
}

// The directions of a proxy's streams: requests and replies.
const (
	requests = "upstream"
	replies  = "downstream"
)

// poison adds a toxic of the given type to a stream.
func (f *front) poison(kind, stream string, attributes map[string]int) error {
	spec, err := json.Marshal(map[string]any{"type": kind, "stream": stream, "attributes": attributes})
	if err != nil {
		return err
	}
	return patiently(func() error {
		_, err := f.proxy.Toxics.AddToxicJson(strings.NewReader(string(spec)))
		return err
	})
}

// cure removes what poison added.
func (f *front) cure(kind, stream string) error {
	return patiently(func() error {
		return f.proxy.Toxics.RemoveToxic(context.Background(), kind+"_"+stream)
	})
}

func (f *front) close() { f.proxy.Stop() }

// patiently bounds a change of a proxy, which waits for every connection.
func patiently(f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-time.After(10 * time.Second):
		return fmt.Errorf("a proxy could not be changed within 10 s")
	}
}
