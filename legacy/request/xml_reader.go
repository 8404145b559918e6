package request

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"aiusage/legacy/contract"
)

// The bounds of a document, beyond its size.
const (
	maxXMLDepth      = 32
	maxXMLAttributes = 32
)

const xmlNamespace = "http://www.w3.org/XML/1998/namespace"

// xmlReader is a strict, namespace-aware reader over the tokenizer of
// encoding/xml. It knows elements, text and comments; a DTD or a processing
// instruction is an error, so no entity but the five predefined ones exists and
// nothing can expand (fact 5).
type xmlReader struct {
	decoder *xml.Decoder
	open    []openElement
}

// openElement is an element whose end is awaited: its name as written, and the
// namespaces it declares, by prefix.
type openElement struct {
	raw        xml.Name
	namespaces map[string]string
}

// xmlElement is the start of an element, its name resolved.
type xmlElement struct {
	space, local string
	// null is whether it has i:nil="true".
	null bool
}

// xmlEvent is the start of an element, the end of one, or text.
type xmlEvent struct {
	start *xmlElement
	end   bool
	text  string
}

func newXMLReader(document string) *xmlReader {
	return &xmlReader{decoder: xml.NewDecoder(strings.NewReader(document))}
}

// root reads up to the root element's start.
func (x *xmlReader) root() (xmlElement, error) {
	for {
		event, err := x.next()
		switch {
		case err == io.EOF:
			return xmlElement{}, errors.New("the document has no root element")
		case err != nil:
			return xmlElement{}, err
		case event.start != nil:
			return *event.start, nil
		case !blank(event.text):
			return xmlElement{}, errors.New("there is text before the root element")
		}
	}
}

// finish makes sure that nothing follows the root element.
func (x *xmlReader) finish() error {
	for {
		event, err := x.next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case event.start != nil || !blank(event.text):
			return errors.New("there is something after the root element")
		}
	}
}

// next returns the next event. At the end of the document the error is io.EOF.
func (x *xmlReader) next() (xmlEvent, error) {
	for {
		token, err := x.decoder.RawToken()
		if err == io.EOF && len(x.open) > 0 {
			return xmlEvent{}, fmt.Errorf("the document ends within %s", rawName(x.open[len(x.open)-1].raw))
		}
		if err != nil {
			return xmlEvent{}, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			element, err := x.start(token)
			return xmlEvent{start: element}, err
		case xml.EndElement:
			return xmlEvent{end: true}, x.end(token)
		case xml.CharData:
			return xmlEvent{text: string(token)}, nil
		case xml.ProcInst:
			return xmlEvent{}, errors.New("processing instructions are not accepted")
		case xml.Directive:
			return xmlEvent{}, errors.New("a document type definition is not accepted")
		}
	}
}

// start opens an element.
func (x *xmlReader) start(token xml.StartElement) (*xmlElement, error) {
	if len(x.open) == maxXMLDepth {
		return nil, fmt.Errorf("elements are nested deeper than %d", maxXMLDepth)
	}
	if len(token.Attr) > maxXMLAttributes {
		return nil, fmt.Errorf("%s has more than %d attributes", rawName(token.Name), maxXMLAttributes)
	}
	namespaces, err := declared(token.Attr)
	if err != nil {
		return nil, err
	}
	x.open = append(x.open, openElement{token.Name, namespaces})
	space, err := x.resolve(token.Name.Space)
	if err != nil {
		return nil, err
	}
	if strings.Contains(token.Name.Local, ":") {
		return nil, fmt.Errorf("%q is not a name", token.Name.Local)
	}
	null, err := x.attributes(token.Attr)
	return &xmlElement{space, token.Name.Local, null}, err
}

// end closes the element that was opened last.
func (x *xmlReader) end(token xml.EndElement) error {
	last := len(x.open) - 1
	if last < 0 || x.open[last].raw != token.Name {
		return fmt.Errorf("unexpected end of %s", rawName(token.Name))
	}
	x.open = x.open[:last]
	return nil
}

// declared returns the namespaces that attributes declare, by prefix.
func declared(attributes []xml.Attr) (map[string]string, error) {
	var namespaces map[string]string
	for _, attribute := range attributes {
		prefix, isDeclaration := "", attribute.Name == xml.Name{Local: "xmlns"}
		if attribute.Name.Space == "xmlns" {
			prefix, isDeclaration = attribute.Name.Local, true
			if attribute.Value == "" || prefix == "xmlns" || (prefix == "xml") != (attribute.Value == xmlNamespace) {
				return nil, fmt.Errorf("the prefix %s cannot stand for %q", prefix, attribute.Value)
			}
		}
		if !isDeclaration {
			continue
		}
		if _, repeated := namespaces[prefix]; repeated {
			return nil, fmt.Errorf("the namespace of the prefix %q is declared twice", prefix)
		}
		if namespaces == nil {
			namespaces = map[string]string{}
		}
		namespaces[prefix] = attribute.Value
	}
	return namespaces, nil
}

// resolve returns the namespace that a prefix stands for here.
func (x *xmlReader) resolve(prefix string) (string, error) {
	for i := len(x.open) - 1; i >= 0; i-- {
		if space, ok := x.open[i].namespaces[prefix]; ok {
			return space, nil
		}
	}
	switch prefix {
	case "":
		return "", nil
	case "xml":
		return xmlNamespace, nil
	}
	return "", fmt.Errorf("the prefix %s is not declared", prefix)
}

// attributes makes sure that the attributes of the element opened last are
// well-formed, and tells whether i:nil is true. All others are of no interest.
func (x *xmlReader) attributes(attributes []xml.Attr) (null bool, err error) {
	seen := map[xml.Name]bool{}
	for _, attribute := range attributes {
		name := attribute.Name
		if name.Space == "xmlns" || name == (xml.Name{Local: "xmlns"}) {
			continue
		}
		if name.Space != "" {
			if name.Space, err = x.resolve(name.Space); err != nil {
				return false, err
			}
		}
		if seen[name] {
			return false, fmt.Errorf("the attribute %s is repeated", name.Local)
		}
		seen[name] = true
		if name == (xml.Name{Space: contract.InstanceNamespace, Local: "nil"}) {
			if null, err = xmlBoolean(attribute.Value); err != nil {
				return false, err
			}
		}
	}
	return null, nil
}

// xmlBoolean reads an xs:boolean.
func xmlBoolean(text string) (bool, error) {
	switch strings.Trim(text, " \t\r\n") {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither true nor false", text)
}

// rawName is a name as the document writes it.
func rawName(name xml.Name) string {
	if name.Space == "" {
		return name.Local
	}
	return name.Space + ":" + name.Local
}
