package dbtest

import (
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"

	"aiusage/db/member"
)

// Statements are those that have been sent to a server, in their order, but for those by which
// connections ask now and then what their server is.
type Statements struct {
	mu   sync.Mutex
	sent []string
	// until counts down to the statement that fails, and is 0 when none does.
	until  int
	failed string
}

// Fail makes a statement fail on the server, the first one for 1. The ends of
// transactions are not counted: a server that cannot commit rolls back, and tells
// so in other ways.
func (s *Statements) Fail(after int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.until, s.failed = after, ""
}

// Failed returns the statement that was made to fail, or "" when it has not come to
// that, and lets all others through.
func (s *Statements) Failed() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.until = 0
	return s.failed
}

// Take returns the statements since it was last called.
func (s *Statements) Take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.sent
	s.sent = nil
	return taken
}

// Record returns a data source name that leads to the same server, and the
// statements that are sent that way, as the server receives them.
func Record(t *testing.T, dsn string) (recorded string, statements *Statements) {
	t.Helper()
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	network, address := config.Net, config.Addr
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	statements = &Statements{}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial(network, address)
			if err != nil {
				client.Close()
				continue
			}
			go func() {
				defer client.Close()
				io.Copy(client, server)
			}()
			go func() {
				defer server.Close()
				statements.forward(server, client)
			}()
		}
	}()
	config.Net, config.Addr = "tcp", listener.Addr().String()
	return config.FormatDSN(), statements
}

// What the packets of a client begin with: three bytes of length and a sequence
// number, which is 0 for a command, and in a command the kind of it.
const (
	packetHeader = 4
	commandQuery = 3
	commandPrep  = 22
)

// forward copies what a client sends, and records its statements.
func (s *Statements) forward(server io.Writer, client io.Reader) {
	header := make([]byte, packetHeader)
	for {
		if _, err := io.ReadFull(client, header); err != nil {
			return
		}
		length := int(binary.LittleEndian.Uint32(append(header[:3:3], 0)))
		packet := make([]byte, packetHeader+length)
		copy(packet, header)
		if _, err := io.ReadFull(client, packet[packetHeader:]); err != nil {
			return
		}
		if body := packet[packetHeader:]; header[3] == 0 && length > 0 && (body[0] == commandQuery || body[0] == commandPrep) {
			packet = append(packet[:packetHeader+1], s.pass(string(body[1:]))...)
			sent := uint32(len(packet) - packetHeader)
			packet[0], packet[1], packet[2] = byte(sent), byte(sent>>8), byte(sent>>16)
		}
		if _, err := server.Write(packet); err != nil {
			return
		}
	}
}

// pass records a statement, and returns what the server gets of it.
func (s *Statements) pass(statement string) string {
	if strings.HasPrefix(statement, member.Mark) {
		return statement
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, statement)
	if s.until == 0 || statement == "COMMIT" || statement == "ROLLBACK" {
		return statement
	}
	if s.until--; s.until > 0 {
		return statement
	}
	s.failed = statement
	return "this statement fails"
}
