package legacy

import (
	_ "embed"
	"net/http"

	"aiusage/legacy/contract"
)

// metadataDocument documents the operation for people (fact 24).
//
//go:embed metadata.html
var metadataDocument []byte

// schemaDocument is the contract's XML Schema.
//
//go:embed usage.xsd
var schemaDocument []byte

// serveMetadata answers /metadata. What it says is public: it holds no usage.
func serveMetadata(w http.ResponseWriter) {
	w.Header().Set("Content-Type", contract.ContentTypes[contract.HTML])
	w.Write(metadataDocument)
}

// serveSchema answers /ai/usage.xsd.
func serveSchema(w http.ResponseWriter) {
	w.Header().Set("Content-Type", contract.ContentTypes[contract.XML])
	w.Write(schemaDocument)
}
