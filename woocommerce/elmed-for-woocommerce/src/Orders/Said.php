<?php

/**
 * What a person in wp-admin is told on the next page: a code and numbers are kept until then, the words are made there.
 *
 * Words can name an item of an order; nothing of that lies in the database beyond the order's lines. Written by
 * Orders\PanelActions and Orders\Deletion.
 *
 * One saying is an array: code (of the table below, or "check" with a reason of Gate\Messages), order and orders (ids),
 * product (id), detail (a code of ELMED's).
 */

namespace Elmed\WooCommerce\Orders;

use Elmed\WooCommerce\Gate\Basket;
use Elmed\WooCommerce\Gate\Messages;
use Elmed\WooCommerce\Gate\Verdict;
use WC_Order;

final class Said
{
    private const NOTICE = 'elmed_order_notice_';
    private const SECONDS = 60;

    public function register(): void
    {
        add_action('admin_notices', array($this, 'show'));
    }

    /** @param array<string, mixed> $said For whoever is signed in; nobody is where the clock runs. */
    public static function later(array $said): void
    {
        if (get_current_user_id() > 0) {
            set_transient(self::NOTICE . get_current_user_id(), $said, self::SECONDS);
        }
    }

    public function show(): void
    {
        $name = self::NOTICE . get_current_user_id();
        $said = get_transient($name);
        if (is_array($said) && isset($said['code'])) {
            delete_transient($name);
            printf('<div class="notice notice-info is-dismissible"><p>ELMED: %s</p></div>', esc_html(self::words($said)));
        }
    }

    /** @return array<string, mixed> A refusal of the gate. */
    public static function refusal(WC_Order $order, Verdict $verdict): array
    {
        $said = array('code' => 'check', 'order' => $order->get_id(), 'detail' => (string) $verdict->reason);
        foreach (Basket::ofOrder($order) as $line) {
            if ($verdict->item !== null && $line->name === $verdict->item) {
                $said['product'] = $line->product;
            }
        }
        return $said;
    }

    /** @param array<string, mixed> $said */
    public static function words(array $said): string
    {
        $order = isset($said['order']) ? Jobs::fresh((int) $said['order']) : null;
        switch ($said['code']) {
            case 'release':
                return $order ? Words::release($order) . '.' : '';
            case 'reports':
                return $order ? self::reports($order) : '';
            case 'check':
                return Messages::of(Verdict::no((string) $said['detail'], $order ? self::item($order, (int) ($said['product'] ?? 0)) : null));
            case 'kept':
                return self::kept((array) $said['orders']);
            case 'held':
                return self::held((array) $said['orders']);
            default:
                return sprintf(self::table()[$said['code']] ?? '', (string) ($said['detail'] ?? ''));
        }
    }

    private static function reports(WC_Order $order): string
    {
        $words = array(Words::dispense(Report::ofDispense()->state($order)), Words::dispense(Report::ofSale()->state($order)));
        return implode('; ', array_unique(array_filter($words))) . '.';
    }

    private static function item(WC_Order $order, int $product): ?string
    {
        foreach (Basket::ofOrder($order) as $line) {
            if ($line->product === $product) {
                return $line->name;
            }
        }
        return null;
    }

    /** One more order that was held back while somebody set its status; several at once in a bulk edit. */
    public static function heldBack(WC_Order $order): void
    {
        $before = get_transient(self::NOTICE . get_current_user_id());
        $orders = is_array($before) && ($before['code'] ?? '') === 'held' ? (array) $before['orders'] : array();
        self::later(array('code' => 'held', 'orders' => array_values(array_unique(array_merge($orders, array($order->get_id()))))));
    }

    /** @param mixed[] $orders Their ids. */
    private static function held(array $orders): string
    {
        /* translators: %s: numbers of orders, e.g. "#12, #15" */
        return sprintf(__('on hold, not in the status that you chose: %s. The prescription has not been checked and released. The order\'s ELMED box says what is missing; when it is released, the order goes on by itself.', 'elmed-for-woocommerce'), self::numbers($orders));
    }

    /** @param mixed[] $orders Their ids. */
    private static function numbers(array $orders): string
    {
        $numbers = array();
        foreach ($orders as $orderId) {
            $order = wc_get_order((int) $orderId);
            $numbers[] = '#' . ($order instanceof WC_Order ? $order->get_order_number() : (int) $orderId);
        }
        return implode(', ', $numbers);
    }

    /** @param mixed[] $orders Their ids. */
    private static function kept(array $orders): string
    {
        /* translators: %s: numbers of orders, e.g. "#12, #15" */
        return sprintf(__('not deleted: %s. ELMED has not heard yet what was handed over. Restore the order where it is in the trash; its ELMED box says what is missing: press "Try again" there, or, where the parcel never left, cancel the order and say so in the box. It can be deleted after that.', 'elmed-for-woocommerce'), self::numbers($orders));
    }

    /** @return array<string, string> */
    private static function table(): array
    {
        return array(
            'fault' => __('That did not work. The log under WooCommerce → Status → Logs says more.', 'elmed-for-woocommerce'),
            'nothing' => __('Nothing was done.', 'elmed-for-woocommerce'),
            'not_completed' => __('A dispense is reported when the order is completed.', 'elmed-for-woocommerce'),
            'not_asked' => __('ELMED could not be asked at the moment.', 'elmed-for-woocommerce'),
            'choose' => __('Choose an answer first.', 'elmed-for-woocommerce'),
            'saved' => __('The answer is saved.', 'elmed-for-woocommerce'),
            'will_be_freed' => __('The reservation will be given back.', 'elmed-for-woocommerce'),
            'nothing_to_check' => __('There is nothing to check in this order.', 'elmed-for-woocommerce'),
            'reverse_in_elmed' => __('This dispense was recorded by somebody else. Reverse it in ELMED, then answer "the dispense stays" here.', 'elmed-for-woocommerce'),
            'question_stays' => __('ELMED could not be asked at the moment; the question stays open.', 'elmed-for-woocommerce'),
            /* translators: %s: a code of ELMED's */
            'not_reversed' => __('ELMED does not reverse it any more (%s). Reverse it in ELMED if you can, then answer "the dispense stays" here.', 'elmed-for-woocommerce'),
        );
    }
}
