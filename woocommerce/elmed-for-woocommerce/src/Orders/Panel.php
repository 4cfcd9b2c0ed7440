<?php

/**
 * The ELMED box on the order page: where the order stands, what happened, and what can be done.
 *
 * With orders in their own tables and in posts. It only shows; its buttons go to PanelActions by a form that stands
 * outside WooCommerce's own, so that they work without scripts.
 */

namespace Elmed\WooCommerce\Orders;

use Elmed\WooCommerce\Gate\Given;
use Elmed\WooCommerce\Log;
use Elmed\WooCommerce\Settings\Options;
use WC_Order;

final class Panel
{
    public const FORM = 'elmed-order-form';

    public function register(): void
    {
        add_action('add_meta_boxes', array($this, 'addBox'));
        add_action('admin_footer', array($this, 'printForm'));
    }

    public function addBox(): void
    {
        foreach (array_unique(array('shop_order', wc_get_page_screen_id('shop-order'))) as $screen) {
            add_meta_box('elmed-order', __('ELMED', 'elmed-for-woocommerce'), array($this, 'show'), $screen, 'side', 'high');
        }
    }

    /** @param mixed $subject The post, or the order. */
    public function show($subject): void
    {
        try {
            $order = $subject instanceof WC_Order ? $subject : wc_get_order($subject->ID ?? 0);
            if ($order instanceof WC_Order) {
                self::showOrder($order);
            }
        } catch (\Throwable $fault) {
            Log::fault($fault, 'panel');
            echo '<p>' . esc_html__('What ELMED knows of this order cannot be shown at the moment.', 'elmed-for-woocommerce') . '</p>';
        }
    }

    /** The form that the box's buttons and fields belong to. */
    public function printForm(): void
    {
        $screen = get_current_screen();
        if (!$screen || !in_array($screen->id, array('shop_order', wc_get_page_screen_id('shop-order')), true)) {
            return;
        }
        printf('<form id="%s" method="post" action="%s"></form>', esc_attr(self::FORM), esc_url(admin_url('admin-post.php')));
    }

    private static function showOrder(WC_Order $order): void
    {
        if (!OrderState::isOnPrescription($order) && Report::ofSale()->state($order) === '') {
            echo '<p>' . esc_html__('Nothing in this order needs a prescription.', 'elmed-for-woocommerce') . '</p>';
            return;
        }
        self::field('action', PanelActions::ACTION);
        self::field('order_id', (string) $order->get_id());
        self::field('_elmed_nonce', wp_create_nonce(PanelActions::ACTION . $order->get_id()));
        self::facts($order);
        self::refunds($order);
        self::buttons($order);
        self::proof($order);
        self::history($order);
    }

    private static function facts(WC_Order $order): void
    {
        $words = Words::release($order);
        if ($words !== '') {
            printf('<p class="elmed-release elmed-release-%s"><strong>%s</strong></p>', esc_attr(OrderState::toPack($order)), esc_html($words));
        }
        $record = OrderState::record($order);
        self::next($order, (int) ($record['prescription_id'] ?? 0));
        $facts = array(
            __('Prescription', 'elmed-for-woocommerce') => isset($record['prescription_id']) ? '#' . (int) $record['prescription_id'] : '',
            __('Reservation', 'elmed-for-woocommerce') => OrderState::reservationId($order) ? '#' . OrderState::reservationId($order) : '',
            __('Report of the dispense', 'elmed-for-woocommerce') => self::report($order, Report::ofDispense(), Jobs::DISPENSE),
            __('Report of the sale', 'elmed-for-woocommerce') => self::report($order, Report::ofSale(), Jobs::SALE),
        );
        echo '<dl class="elmed-facts">';
        foreach (array_filter($facts) as $name => $fact) {
            printf('<dt>%s</dt><dd>%s</dd>', esc_html($name), esc_html($fact));
        }
        echo '</dl>';
        self::lines($order, $record);
    }

    /** What to do about a check that is pending. */
    private static function next(WC_Order $order, int $prescription): void
    {
        $release = OrderState::toPack($order);
        if ($release === OrderState::WAITING && $prescription > 0) {
            printf(
                '<p>%s <a href="%s" target="_blank" rel="noopener">%s</a></p>',
                esc_html__('Do not send it yet.', 'elmed-for-woocommerce'),
                esc_url(Options::baseUrl() . '/pharmacy/prescriptions/' . $prescription),
                /* translators: %d: a prescription's number in ELMED */
                esc_html(sprintf(__('Verify prescription %d in the pharmacy portal', 'elmed-for-woocommerce'), $prescription))
            );
        } elseif ($release === OrderState::PENDING) {
            echo '<p>' . esc_html__('Do not send it yet. No prescription has been checked for what is in this order now.', 'elmed-for-woocommerce') . '</p>';
        }
    }

    /** Where each line stands: what was checked, and what of it is reported. @param array<string, mixed> $record */
    private static function lines(WC_Order $order, array $record): void
    {
        if (empty($record['lines'])) {
            return;
        }
        $job = Report::ofDispense()->job($order);
        $reported = array_column($job['lines'] ?? array(), 'quantity', 'sku');
        echo '<ul class="elmed-lines">';
        foreach ($record['lines'] as $line) {
            $packs = \Elmed\WooCommerce\Gate\Packs::text((int) $line['milli']);
            /* translators: 1: a product's SKU, 2: a number of packs */
            $text = sprintf(_n('%1$s: %2$s pack', '%1$s: %2$s packs', $packs === '1' ? 1 : 2, 'elmed-for-woocommerce'), $line['sku'], $packs);
            if (isset($reported[$line['sku']])) {
                /* translators: %s: a quantity in the prescription's unit, e.g. of tablets */
                $text .= ' – ' . sprintf(__('reported: %s (tablets, ml or whatever the prescription counts)', 'elmed-for-woocommerce'), $reported[$line['sku']]);
            }
            printf('<li>%s</li>', esc_html($text));
        }
        echo '</ul>';
    }

    private static function report(WC_Order $order, Report $report, string $hook): string
    {
        $words = Words::dispense($report->state($order));
        $job = $report->job($order);
        if (!empty($job['reason'])) {
            $words .= ': ' . Words::reason((string) $job['reason']);
        }
        if (!empty($job['dispense_id'])) {
            $words .= ' (#' . (int) $job['dispense_id'] . ')';
        }
        $next = in_array($report->state($order), array(Report::RETRYING, Report::WAITING), true) ? Jobs::next($hook, array($order->get_id())) : null;
        /* translators: %s: date and time */
        return $next ? $words . ' – ' . sprintf(__('next try: %s', 'elmed-for-woocommerce'), wp_date('Y-m-d H:i', $next)) : $words;
    }

    private static function refunds(WC_Order $order): void
    {
        foreach (Refunds::open($order) as $refundId => $question) {
            echo '<fieldset class="elmed-question"><legend><strong>' . esc_html__('Refunded after the dispense was reported. Where is the parcel?', 'elmed-for-woocommerce') . '</strong></legend>';
            foreach (self::answers() as $answer => $words) {
                printf(
                    '<label><input type="radio" form="%s" name="refund_%d" value="%s"> %s</label><br>',
                    esc_attr(self::FORM),
                    (int) $refundId,
                    esc_attr($answer),
                    esc_html($words)
                );
            }
            self::button('refund', __('Save the answer', 'elmed-for-woocommerce'));
            echo '</fieldset>';
        }
    }

    /** @return array<string, string> */
    private static function answers(): array
    {
        return array(
            'never_left_pharmacy' => __('It never left the pharmacy', 'elmed-for-woocommerce'),
            'returned_unopened' => __('It came back unopened', 'elmed-for-woocommerce'),
            'returned_unusable' => __('It came back and cannot be used again', 'elmed-for-woocommerce'),
            'recorded_in_error' => __('It was reported by mistake', 'elmed-for-woocommerce'),
            Refunds::STAYS => __('It did not come back: the dispense stays', 'elmed-for-woocommerce'),
        );
    }

    private static function buttons(WC_Order $order): void
    {
        $stuck = array(Report::QUEUED, Report::RETRYING, Report::WAITING, Report::REFUSED, Report::ATTENTION);
        $again = in_array(Report::ofDispense()->state($order), $stuck, true) || in_array(Report::ofSale()->state($order), $stuck, true);
        if (PanelActions::asksWhetherItLeft($order)) {
            self::button('left', __('The parcel left: report the dispense', 'elmed-for-woocommerce'));
            self::button('stayed', __('It never left: free the reservation', 'elmed-for-woocommerce'));
        } elseif (LeavesNow::isAsked($order)) {
            self::leavesNow($order);
        } elseif ($again) {
            self::button('again', __('Try again', 'elmed-for-woocommerce'));
        }
        if (OrderState::reservationId($order) !== null && !Report::ofDispense()->isOver($order)) {
            self::button('ask', __('Ask ELMED now', 'elmed-for-woocommerce'));
        }
        if (OrderState::isOnPrescription($order)) {
            $url = PackingSlip::url($order);
            printf('<p><a class="button" href="%s" target="_blank" rel="noopener">%s</a></p>', esc_url($url), esc_html__('Packing slip', 'elmed-for-woocommerce'));
        }
    }

    /** Its completion was refused as the moment of the supply: only what really leaves now is reported from here. */
    private static function leavesNow(WC_Order $order): void
    {
        echo '<p>' . esc_html__('ELMED records no supply of that moment. If the parcel has left, tell the pharmacist: it is settled in ELMED and with the patient, not here.', 'elmed-for-woocommerce') . '</p>';
        if (LeavesNow::mayLeave($order)) {
            self::button('leaves', __('It was still here and leaves now: report it', 'elmed-for-woocommerce'));
        } else {
            echo '<p>' . esc_html__('If it is still here, do not send it. When ELMED has released it, it can be sent and reported here.', 'elmed-for-woocommerce') . '</p>';
        }
    }

    /** Staff check the prescription of an order that came past the checkout. */
    private static function proof(WC_Order $order): void
    {
        $release = OrderState::release($order);
        if (!in_array($release, array(OrderState::PENDING, OrderState::STOPPED), true) || Cancellation::isOff($order) || Report::ofDispense()->state($order) === Report::DONE) {
            return;
        }
        echo '<fieldset class="elmed-proof"><legend><strong>' . esc_html__('Check a prescription for this order', 'elmed-for-woocommerce') . '</strong></legend>';
        $fields = array(
            Given::FORM_REFERENCE => __('Prescription reference', 'elmed-for-woocommerce'),
            Given::FORM_BORN => __('Patient\'s date of birth (YYYY-MM-DD)', 'elmed-for-woocommerce'),
        );
        foreach ($fields as $name => $label) {
            printf('<p><label>%s<br><input type="text" class="widefat" autocomplete="off" form="%s" name="%s"></label></p>', esc_html($label), esc_attr(self::FORM), esc_attr($name));
        }
        printf('<p><label><input type="checkbox" form="%s" name="%s" value="1"> %s</label></p>', esc_attr(self::FORM), esc_attr(Given::FORM_SEND), esc_html__('Bring it to this pharmacy if it is with none', 'elmed-for-woocommerce'));
        self::button('check', __('Check', 'elmed-for-woocommerce'));
        echo '</fieldset>';
    }

    private static function history(WC_Order $order): void
    {
        $entries = History::of($order);
        if (!$entries) {
            return;
        }
        echo '<details class="elmed-history"><summary>' . esc_html__('What happened', 'elmed-for-woocommerce') . '</summary><ul>';
        foreach ($entries as list($at, $words)) {
            printf('<li><small>%s</small> %s</li>', esc_html(wp_date('Y-m-d H:i', $at)), esc_html($words));
        }
        echo '</ul></details>';
    }

    private static function field(string $name, string $value): void
    {
        printf('<input type="hidden" form="%s" name="%s" value="%s">', esc_attr(self::FORM), esc_attr($name), esc_attr($value));
    }

    private static function button(string $value, string $words): void
    {
        printf('<p><button type="submit" class="button" form="%s" name="do" value="%s">%s</button></p>', esc_attr(self::FORM), esc_attr($value), esc_html($words));
    }
}
