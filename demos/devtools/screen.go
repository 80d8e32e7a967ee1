package devtools

import "context"

// A Screen is what a page is shown on.
type Screen struct {
	Width, Height int // in CSS pixels
	Dark          bool
	Mobile        bool // as on a phone: the page's viewport tag counts
}

// Show shows the page on another screen.
func (p *Page) Show(ctx context.Context, s Screen) error {
	if err := p.call(ctx, "Emulation.setDeviceMetricsOverride", map[string]any{
		"width": s.Width, "height": s.Height, "deviceScaleFactor": 1, "mobile": s.Mobile,
	}, nil); err != nil {
		return err
	}
	scheme := "light"
	if s.Dark {
		scheme = "dark"
	}
	return p.call(ctx, "Emulation.setEmulatedMedia", map[string]any{
		"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}},
	}, nil)
}

// Screenshot returns a PNG of the whole page, also of what is below the edge of the screen.
func (p *Page) Screenshot(ctx context.Context) ([]byte, error) {
	var shot struct {
		Data []byte `json:"data"` // base64
	}
	err := p.call(ctx, "Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": true}, &shot)
	return shot.Data, err
}
