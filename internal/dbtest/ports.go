package dbtest

import (
	"errors"
	"maps"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"testing"
)

// Free ports are taken from below those that systems give to clients and to who asks for any: one
// of these would be given away, on a busy machine, in the moment before a program listens on it.
const firstPort, lastPort = 10_000, 32_000

// FreeAddress is an address on loopback that no program listens on, as HOST:PORT.
func FreeAddress(t *testing.T) string {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// freePort is a TCP port that no program listens on.
func freePort() (port int, err error) {
	for range 100 {
		port = firstPort + rand.IntN(lastPort-firstPort)
		listener, listenErr := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if listenErr == nil {
			return port, listener.Close()
		}
		err = errors.Join(err, listenErr)
	}
	return 0, err
}

// freePorts are some that differ.
func freePorts(t *testing.T, count int) []int {
	t.Helper()
	found := map[int]bool{}
	for len(found) < count {
		port, err := freePort()
		if err != nil {
			t.Fatal(err)
		}
		found[port] = true
	}
	return slices.Collect(maps.Keys(found))
}
