<?php

/**
 * What the shop's privacy page should say about ELMED. Offered by Privacy under Settings → Privacy → Policy guide; the
 * pharmacist's guide shows the same text.
 */

namespace Elmed\WooCommerce\Privacy;

final class PolicyText
{
    public static function html(): string
    {
        $paragraphs = array(
            __('If you order a medicine on prescription, we ask you for the reference of your prescription and your date of birth. We send both, with the articles and quantities in your basket, to ELMED, the electronic prescription service that our pharmacy uses, to check that your prescription covers your order. The check is necessary to fulfil your order and to meet our legal duties as a pharmacy; the data concern your health.', 'elmed-for-woocommerce'),
            __('After the check this shop forgets the reference and your date of birth. With your order we keep that a prescription was checked, when, with what result, and the numbers under which ELMED knows the prescription and its supply, but no diagnosis and no dosage.', 'elmed-for-woocommerce'),
            __('When your order is complete, we report to ELMED what was supplied. Your prescription record is kept there under our duties as a pharmacy; you can see in your ELMED account who has looked at it. If you order nothing on prescription, nothing about you is sent to ELMED.', 'elmed-for-woocommerce'),
        );
        return '<p>' . implode('</p><p>', array_map('esc_html', $paragraphs)) . '</p>';
    }
}
