package dbtest

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// network has the nodes of a cluster each in a network namespace of its own, with a line from any to any
// other that can be cut. Clients are not on it: they come in by a door of their own.
type network struct {
	// holders are processes that do nothing but have the namespaces be there.
	holders []*process
	// doors lead clients to the nodes.
	doors []net.Listener
}

// newNetwork makes a network of so many namespaces, which takes a privileged process and the program ip.
func newNetwork(size int) (*network, error) {
	n := &network{}
	for range size {
		command := exec.Command("sleep", "infinity")
		command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
		holder, err := startProcess(command, "")
		if err != nil {
			n.close()
			return nil, err
		}
		n.holders = append(n.holders, holder)
	}
	for i := range n.holders {
		if err := n.in(i, "ip link set lo up", fmt.Sprintf("ip address add %s/32 dev lo", n.address(i))); err != nil {
			n.close()
			return nil, err
		}
	}
	for i := range n.holders {
		for j := range i {
			err := n.in(i, fmt.Sprintf("ip link add line%d type veth peer name line%d netns %d", j, i, n.holders[j].child.Pid))
			if err == nil {
				err = n.connect(i, j)
			}
			if err == nil {
				err = n.connect(j, i)
			}
			if err != nil {
				n.close()
				return nil, err
			}
		}
	}
	return n, nil
}

// address is that of a node on the network.
func (n *network) address(node int) string { return fmt.Sprintf("10.77.0.%d", node+1) }

// in runs commands in a node's namespace.
func (n *network) in(node int, commands ...string) error {
	said, err := exec.Command("nsenter", "-t", fmt.Sprint(n.holders[node].child.Pid), "-n", "sh", "-c", strings.Join(commands, " && ")).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", commands, err, said)
	}
	return nil
}

// connect brings a node's end of its line to another up.
func (n *network) connect(from, to int) error {
	return n.in(from, fmt.Sprintf("ip link set line%d up", to), fmt.Sprintf("ip route replace %s/32 dev line%d src %s", n.address(to), to, n.address(from)))
}

// cut takes all lines of a node away, and mend puts them back.
func (n *network) cut(node int) (err error) {
	for other := range n.holders {
		if other != node && err == nil {
			err = n.in(other, fmt.Sprintf("ip link set line%d down", node))
		}
	}
	return err
}

func (n *network) mend(node int) (err error) {
	for other := range n.holders {
		if other != node && err == nil {
			err = n.connect(other, node)
		}
	}
	return err
}

// attach has a node that has not been started run in its namespace, and lets clients in.
func (n *network) attach(node int, server *Server) error {
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", server.portOf()))
	if err != nil {
		return err
	}
	n.doors = append(n.doors, listener)
	server.space = n.space(node)
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go n.lead(client, node, listener.Addr().String())
		}
	}()
	return nil
}

// lead connects a client with what listens in a node's namespace, until either has gone.
func (n *network) lead(client net.Conn, node int, address string) {
	defer client.Close()
	server, err := n.dial(node, address)
	if err != nil {
		return
	}
	go func() {
		defer server.Close()
		_, _ = io.Copy(server, client)
	}()
	_, _ = io.Copy(client, server)
}

// dial connects to an address in a node's namespace.
func (n *network) dial(node int, address string) (conn net.Conn, err error) {
	var dialing sync.WaitGroup
	dialing.Go(func() {
		runtime.LockOSThread() // and nothing unlocks it, so that the thread ends with this
		if err = enter(n.space(node)); err == nil {
			conn, err = net.Dial("tcp", address)
		}
	})
	dialing.Wait()
	return conn, err
}

func (n *network) space(node int) string {
	return fmt.Sprintf("/proc/%d/ns/net", n.holders[node].child.Pid)
}

// close ends the network.
func (n *network) close() {
	for _, door := range n.doors {
		door.Close()
	}
	for _, holder := range n.holders {
		holder.kill()
	}
}

// enter has this thread, and so what it starts, be in a network namespace.
func enter(space string) error {
	file, err := os.Open(space)
	if err != nil {
		return err
	}
	defer file.Close()
	return unix.Setns(int(file.Fd()), unix.CLONE_NEWNET)
}
