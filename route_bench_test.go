package redis

import (
	"context"
	"fmt"
	"strconv"
	"testing"
)

// BenchmarkRoute finds the node for a command from every core at once, as the
// first steps of each command do: its entry in the command table, the slot of
// its key, the slot map and the shard. Run it with -cpu 1,2,4,8: no core may
// get in another's way.
func BenchmarkRoute(b *testing.B) {
	const shards = 6
	var ranges []slotRange
	for i := range shards {
		at := announced{addr: fmt.Sprintf("primary-%d:1", i)}
		replica := announced{addr: fmt.Sprintf("replica-%d:1", i)}
		ranges = append(ranges, slotRange{i * slotCount / shards, (i+1)*slotCount/shards - 1, []announced{at, replica}})
	}
	nodeFor := func(a announced) *node {
		client := NewClient(&Options{Addr: a.addr, Dialer: refuses})
		b.Cleanup(func() { _ = client.Close() })
		return &node{announced: a, client: client}
	}
	for name, change := range map[string]func(*ClusterOptions){
		"primary":     func(*ClusterOptions) {},
		"any replica": func(o *ClusterOptions) { o.ReadOnly = true },
	} {
		b.Run(name, func(b *testing.B) {
			opt := &ClusterOptions{Addrs: []string{"127.0.0.1:1"}, Dialer: refuses}
			change(opt)
			c := NewClusterClient(opt)
			b.Cleanup(func() { _ = c.Close() })
			c.topology.now.Store(newSlotMap(ranges, nil, nodeFor))
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				cmds := make([]*StringCmd, 1000)
				for i := range cmds {
					cmds[i] = new(StringCmd)
					cmds[i].start("get", "user:"+strconv.Itoa(i))
				}
				for i := 0; pb.Next(); i++ {
					cmd := cmds[i%len(cmds)]
					cmd.info = nil // a command is new each time
					t := targetOf(cmd)
					var try attempt
					if n, err := c.route(context.Background(), &t, &try); n == nil || err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
