package redistest

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// A server takes two ports: its own and, busOffset above, that of the cluster
// bus. Both lie below the range from which systems take the local ports of
// outgoing connections, so that no connection of a test can sit on the port of
// a server that is down for a moment.
const (
	loopback  = "127.0.0.1"
	busOffset = 10000
	portsFrom = 10000
	portsTo   = 22767
)

// taken holds the ports of this process's servers, down or up. Other processes
// choose at random from the same range; a clash shows when the server fails to
// bind, and it is then given another port.
var taken = struct {
	sync.Mutex
	ports map[int]bool
}{ports: map[int]bool{}}

// takePort finds a port that is free together with its bus port, and keeps it
// for the caller until releasePort.
func takePort() (int, error) {
	taken.Lock()
	defer taken.Unlock()
	for range 1000 {
		port := portsFrom + rand.IntN(portsTo-portsFrom+1)
		bus := port + busOffset
		if taken.ports[port] || taken.ports[bus] || !canListen(port) || !canListen(bus) {
			continue
		}
		taken.ports[port], taken.ports[bus] = true, true
		return port, nil
	}
	return 0, errors.New("redistest: no free pair of ports on " + loopback)
}

func releasePort(port int) {
	taken.Lock()
	defer taken.Unlock()
	delete(taken.ports, port)
	delete(taken.ports, port+busOffset)
}

func canListen(port int) bool {
	l, err := net.Listen("tcp4", net.JoinHostPort(loopback, strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return l.Close() == nil
}
