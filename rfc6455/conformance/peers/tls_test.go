package peers_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/ws101/rfc6455/conformance/peers"
)

// An authority is a certificate for 127.0.0.1 that signs itself.
type authority struct {
	cert tls.Certificate
	file string // with the certificate as PEM
}

func newAuthority(t *testing.T) authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(101),
		Subject:               pkix.Name{CommonName: "ws101 test"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	a := authority{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, filepath.Join(t.TempDir(), "ca.pem")}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	require.NoError(t, os.WriteFile(a.file, text, 0o600))
	return a
}

// environment lets Node and Python trust the authority.
func (a authority) environment() []string {
	return []string{"NODE_EXTRA_CA_CERTS=" + a.file, "SSL_CERT_FILE=" + a.file}
}

func (a authority) server() *tls.Config { return &tls.Config{Certificates: []tls.Certificate{a.cert}} }

// TestOverTLS lets the clients of Node and Python connect over TLS to our server.
func TestOverTLS(t *testing.T) {
	a := newAuthority(t)
	for _, p := range all {
		if p.name == "golang.org/x/net/websocket" {
			continue // it has the same TLS as our side
		}
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			p := p.find(t, a.environment()...)
			xs := smaller(p.possible(peers.Exchanges()))
			theyDial(t, p, xs, a.server()).check(t, xs)
		})
	}
	t.Run("a client that does not trust the certificate", func(t *testing.T) {
		p := pythonWebsockets(t)
		xs := peers.Exchanges()[:1]
		r := theyDial(t, p, xs, a.server())
		require.NotNil(t, r[0].report)
		require.Contains(t, r[0].report.Error, "certificate")
	})
}

// smaller leaves out the messages of 1 MiB and more.
func smaller(xs []peers.Exchange) []peers.Exchange {
	return slices.DeleteFunc(xs, func(x peers.Exchange) bool { return x.Kind == peers.Large })
}
