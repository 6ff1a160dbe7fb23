package clustertest

import "github.com/alicebob/miniredis/v2/server"

// registerDouble adds a command to the cluster: DOUBLE key text.
func registerDouble(c *Cluster) error {
	return c.Miniredis().Server().Register("DOUBLE", func(p *server.Peer, _ string, args []string) {
		p.WriteBulk(args[1] + args[1])
	})
}
