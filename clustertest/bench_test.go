package clustertest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkGet measures pipelines of GETs on one connection for each CPU.
func BenchmarkGet(b *testing.B) {
	for name, depth := range map[string]int{"depth=1": 1, "depth=100": 100} {
		b.Run(name, func(b *testing.B) {
			c := Start(b, Options{})
			key := keyIn(b, c, 0)
			require.Equal(b, "OK", dial(b, c.Primary(0)).do("SET", key, "some value of a length"))
			var pipeline []byte
			for range depth {
				pipeline = appendCommand(pipeline, "GET", key)
			}
			b.RunParallel(func(pb *testing.PB) {
				client := dial(b, c.Primary(0))
				for {
					n := 0
					for n < depth && pb.Next() {
						n++
					}
					if n == 0 {
						return
					}
					client.write(pipeline[:len(pipeline)/depth*n])
					for range n {
						client.read()
					}
				}
			})
		})
	}
}
