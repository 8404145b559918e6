package gateway

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// CertificateFiles is a TLS certificate that is read again when its files change,
// so that a renewed one is used without a restart.
type CertificateFiles struct {
	certFile, keyFile string
	log               *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	// seen is what the files looked like when they were last read, also in vain.
	seen [2]fileState
}

// fileState tells one content of a file from the next.
type fileState struct {
	modified time.Time
	size     int64
}

// LoadCertificate reads a certificate and its key from files in PEM format.
func LoadCertificate(certFile, keyFile string, log *slog.Logger) (*CertificateFiles, error) {
	files := &CertificateFiles{certFile: certFile, keyFile: keyFile, log: log}
	state, err := files.look()
	if err != nil {
		return nil, err
	}
	certificate, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("the certificate cannot be used: %w", err)
	}
	files.current, files.seen = &certificate, state
	return files, nil
}

// config is how connections are encrypted: by TLS 1.2 or 1.3, and with authenticated
// encryption only. Go would still offer AES in CBC mode to clients of TLS 1.2.
func (f *CertificateFiles) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		CipherSuites: []uint16{ // those of TLS 1.3 cannot be chosen, and are all safe
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
		GetCertificate: f.get,
	}
}

// get returns the certificate for a new connection. Files that cannot be read,
// such as when only one of them has been replaced so far, leave the last one in use.
func (f *CertificateFiles) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	state, err := f.look()
	if err != nil || state == f.seen {
		return f.current, nil
	}
	f.seen = state
	certificate, err := tls.LoadX509KeyPair(f.certFile, f.keyFile)
	if err != nil {
		f.log.Warn("the changed certificate cannot be used; the one before stays", "error", err)
		return f.current, nil
	}
	f.current = &certificate
	f.log.Info("the certificate was read again", "until", certificate.Leaf.NotAfter)
	return f.current, nil
}

func (f *CertificateFiles) look() (state [2]fileState, err error) {
	for i, name := range []string{f.certFile, f.keyFile} {
		info, err := os.Stat(name)
		if err != nil {
			return state, err
		}
		state[i] = fileState{info.ModTime(), info.Size()}
	}
	return state, nil
}
