"""What the surfaces share: who a page is for, base form, error pages, template filters, headers, charts."""
