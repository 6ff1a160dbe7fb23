package clustertest_test

import (
	"bufio"
	"fmt"
	"log"
	"net"

	"github.com/seed-e06f3def/rediscluster/clustertest"
)

// ask sends one command as a line of text and returns the first line of the
// reply. Programs use a client instead.
func ask(n *clustertest.Node, command string) string {
	nc, err := net.Dial("tcp", n.Addr())
	if err != nil {
		return "refused"
	}
	defer func() { _ = nc.Close() }()
	if _, err := fmt.Fprintf(nc, "%s\r\n", command); err != nil {
		log.Print(err)
	}
	scanner := bufio.NewScanner(nc)
	scanner.Scan()
	return scanner.Text()
}

func Example() {
	cluster, err := clustertest.Run(clustertest.Options{Shards: 3, Replicas: 1})
	if err != nil {
		log.Fatal(err)
	}
	defer cluster.Close()

	owner := cluster.PrimaryForKey("greeting")
	fmt.Println(ask(owner, "SET greeting hello"))
	for _, n := range cluster.Primaries() {
		if n != owner {
			fmt.Println(ask(n, "GET greeting") == fmt.Sprintf("-MOVED %d %s", clustertest.Slot("greeting"), owner.Addr()))
		}
	}

	// The primary dies, and its replica takes its place.
	cluster.Stop(owner)
	if err := cluster.Failover(owner.Shard()); err != nil {
		log.Fatal(err)
	}
	fmt.Println(ask(owner, "PING"))
	fmt.Println(ask(cluster.PrimaryForKey("greeting"), "STRLEN greeting"))
	fmt.Println(cluster.Data(owner.Shard()).Get("greeting"))
	// Output:
	// +OK
	// true
	// true
	// refused
	// :5
	// hello <nil>
}

func ExampleCluster_BeginMigration() {
	cluster, err := clustertest.Run(clustertest.Options{Shards: 2})
	if err != nil {
		log.Fatal(err)
	}
	defer cluster.Close()

	slot := clustertest.Slot("cart")
	source := cluster.PrimaryForSlot(slot)
	target := cluster.Primary(1 - source.Shard())
	fmt.Println(ask(source, "SET cart 3"))

	if err := cluster.BeginMigration(slot, target); err != nil {
		log.Fatal(err)
	}
	fmt.Println(ask(source, "INCR cart")) // still here
	if _, err := cluster.MoveKeys(slot, -1); err != nil {
		log.Fatal(err)
	}
	fmt.Println(ask(source, "INCR cart") == fmt.Sprintf("-ASK %d %s", slot, target.Addr()))
	if err := cluster.FinishMigration(slot); err != nil {
		log.Fatal(err)
	}
	fmt.Println(ask(target, "INCR cart"))
	// Output:
	// +OK
	// :4
	// true
	// :5
}
