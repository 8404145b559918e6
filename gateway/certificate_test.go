package gateway_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"aiusage/gateway"
	"aiusage/internal/dbtest"
)

// writeCertificate writes a self-signed certificate of a name, with its key.
func writeCertificate(t *testing.T, certFile, keyFile, name string, modified time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: certificate}, keyFile: {Type: "PRIVATE KEY", Bytes: encoded},
	} {
		writeFile(t, file, pem.EncodeToMemory(block), modified)
	}
}

func writeFile(t *testing.T, name string, content []byte, modified time.Time) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(name, modified, modified); err != nil {
		t.Fatal(err)
	}
}

// dial connects as a client that speaks a protocol ("h2", "http/1.1").
func dial(t *testing.T, address, protocol string) *tls.Conn {
	t.Helper()
	connection, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{protocol}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	return connection
}

func TestTLSWithACertificateThatIsReplaced(t *testing.T) {
	folder := t.TempDir()
	certFile, keyFile := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	begin := time.Now().Add(-time.Minute)
	writeCertificate(t, certFile, keyFile, "first", begin)
	log := &buffer{}
	logger := slog.New(slog.NewTextHandler(log, nil))
	certificate, err := gateway.LoadCertificate(certFile, keyFile, logger)
	if err != nil {
		t.Fatal(err)
	}
	handler, err := gateway.New(gateway.Config{Store: fill(t, dbtest.One(t)), Log: logger})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- gateway.ServeTLS(ctx, listener, handler, certificate, logger) }()
	address := listener.Addr().String()

	name := func() string {
		return dial(t, address, "http/1.1").ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	if got := name(); got != "first" {
		t.Errorf("at first: got the certificate of %q", got)
	}
	writeFile(t, certFile, []byte("half a certif"), begin.Add(time.Second))
	if got := name(); got != "first" || !strings.Contains(log.String(), "cannot be used") {
		t.Errorf("with a broken file: got the certificate of %q and the log\n%s", got, log)
	}
	writeCertificate(t, certFile, keyFile, "second", begin.Add(2*time.Second))
	if got := name(); got != "second" {
		t.Errorf("after the change: got the certificate of %q", got)
	}
	if got := dial(t, address, "h2").ConnectionState().NegotiatedProtocol; got != "h2" {
		t.Errorf("HTTP/2 is not spoken: got %q", got)
	}

	// The legacy door writes its own status line, which works on the encrypted
	// connection; and cookies are for encrypted connections only.
	for _, c := range []struct{ password, status, cookie string }{
		{"wrong", "HTTP/1.1 401 Invalid Username or Password\r\n", ""},
		{"correct horse", "HTTP/1.1 200 OK\r\n", "; Path=/; HttpOnly; Secure; SameSite=Lax"},
	} {
		connection := dial(t, address, "http/1.1")
		body := `{"userName":"ada","password":"` + c.password + `"}`
		request, _ := http.NewRequest("POST", "https://"+address+"/auth/credentials", strings.NewReader(body))
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Connection", "close")
		if err := request.Write(connection); err != nil {
			t.Fatal(err)
		}
		reader := bufio.NewReader(connection)
		status, err := reader.ReadString('\n')
		rest, _ := io.ReadAll(reader)
		if err != nil || status != c.status || !strings.Contains(string(rest), c.cookie) {
			t.Errorf("%q: got %q, %v\n%s", c.password, status, err, rest)
		}
	}
	hello := dial(t, address, "http/1.1")
	fmt.Fprint(hello, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if answer, _ := io.ReadAll(hello); !strings.Contains(string(answer), "\r\nStrict-Transport-Security: max-age=31536000\r\n") {
		t.Errorf("browsers are not told to stay with TLS: %s", answer)
	}
	cancel()
	if err := <-served; err != nil {
		t.Errorf("the end: %v", err)
	}
	evidence.add("the log of "+t.Name(), log.String())
}

func TestACertificateThatCannotBeReadIsSaid(t *testing.T) {
	if _, err := gateway.LoadCertificate("/nowhere/cert.pem", "/nowhere/key.pem", slog.Default()); err == nil {
		t.Error("nothing was said")
	}
}

// Encryption that is not authenticated has been broken again and again.
func TestTLSHasNoSuiteInCBCMode(t *testing.T) {
	folder := t.TempDir()
	certFile, keyFile := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	writeCertificate(t, certFile, keyFile, "suites", time.Now())
	certificate, err := gateway.LoadCertificate(certFile, keyFile, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go gateway.ServeTLS(ctx, listener, http.NotFoundHandler(), certificate, slog.New(slog.DiscardHandler))
	shake := func(version uint16, suite uint16) error {
		config := &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version}
		if suite != 0 {
			config.CipherSuites = []uint16{suite}
		}
		connection, err := tls.Dial("tcp", listener.Addr().String(), config)
		if err == nil {
			connection.Close()
		}
		return err
	}
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if !slices.Contains(suite.SupportedVersions, tls.VersionTLS12) {
			continue
		}
		fits := strings.Contains(suite.Name, "_ECDHE_ECDSA_") // as the certificate
		authenticated := strings.Contains(suite.Name, "_GCM_") || strings.Contains(suite.Name, "_POLY1305_")
		if err := shake(tls.VersionTLS12, suite.ID); (err == nil) != (fits && authenticated) {
			t.Errorf("%s: got %v", suite.Name, err)
		}
	}
	for version, taken := range map[uint16]bool{tls.VersionTLS13: true, tls.VersionTLS11: false, tls.VersionTLS10: false} {
		if err := shake(version, 0); (err == nil) != taken {
			t.Errorf("%s: got %v", tls.VersionName(version), err)
		}
	}
}
