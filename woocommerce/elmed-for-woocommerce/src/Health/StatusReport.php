<?php

/**
 * ELMED's section in WooCommerce → Status: what support asks for first. No key, nothing of a customer.
 *
 * Registered by Plugin; the facts are Health\Checks'. Not translated, as support reads it.
 */

namespace Elmed\WooCommerce\Health;

final class StatusReport
{
    public function register(): void
    {
        add_action('woocommerce_system_status_report', array($this, 'show'));
    }

    public function show(): void
    {
        echo '<table class="wc_status_table widefat" cellspacing="0"><thead><tr><th colspan="3" data-export-label="ELMED"><h2>ELMED</h2></th></tr></thead><tbody>';
        foreach (Checks::facts() as $label => $value) {
            printf('<tr><td data-export-label="%1$s">%1$s:</td><td class="help">&nbsp;</td><td>%2$s</td></tr>', esc_html($label), esc_html($value));
        }
        foreach (Checks::worries() as $worry) {
            printf('<tr><td data-export-label="Attention">Attention:</td><td class="help">&nbsp;</td><td><mark class="error">%s</mark></td></tr>', esc_html($worry));
        }
        echo '</tbody></table>';
    }
}
