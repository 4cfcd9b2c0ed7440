<?php

/**
 * What the buttons of the ELMED box do: try again, ask ELMED, check a prescription, answer about a refund.
 *
 * Answers admin-post; asks for the right to edit the order and for the nonce each time, then goes back to the order.
 */

namespace Elmed\WooCommerce\Orders;

use Elmed\WooCommerce\Api\Answer;
use Elmed\WooCommerce\Gate\Given;
use Elmed\WooCommerce\Log;
use WC_Order;

final class PanelActions
{
    public const ACTION = 'elmed_order';
    private const NOTICE = 'elmed_order_notice_';

    public function register(): void
    {
        add_action('admin_post_' . self::ACTION, array($this, 'handle'));
        add_action('admin_notices', array($this, 'showNotice'));
    }

    public function handle(): void
    {
        $order = self::order();
        $do = isset($_POST['do']) ? sanitize_key(wp_unslash($_POST['do'])) : ''; // phpcs:ignore WordPress.Security.NonceVerification -- order() checks it.
        try {
            $said = self::act($order, $do, wp_unslash($_POST)); // phpcs:ignore WordPress.Security.NonceVerification
        } catch (\Throwable $fault) {
            Log::fault($fault, 'panel action');
            $said = __('That did not work. The log under WooCommerce → Status → Logs says more.', 'elmed-for-woocommerce');
        }
        set_transient(self::NOTICE . get_current_user_id(), $said, 60);
        wp_safe_redirect($order->get_edit_order_url());
        exit;
    }

    /**
     * Does what a button says; returns the words for the person who pressed it.
     *
     * @param array<string, mixed> $posted
     */
    public static function act(WC_Order $order, string $do, array $posted): string
    {
        switch ($do) {
            case 'again':
                return self::tryAgain($order);
            case 'ask':
                return self::ask($order);
            case 'check':
                return StaffCheck::run($order->get_id(), Given::inForm($posted));
            case 'refund':
                return self::refund($order, $posted);
            case 'left':
            case 'stayed':
                return self::calledOff($order, $do === 'left');
            default:
                return __('Nothing was done.', 'elmed-for-woocommerce');
        }
    }

    public function showNotice(): void
    {
        $name = self::NOTICE . get_current_user_id();
        $said = get_transient($name);
        if (is_string($said) && $said !== '') {
            delete_transient($name);
            printf('<div class="notice notice-info is-dismissible"><p>ELMED: %s</p></div>', esc_html($said));
        }
    }

    /** The order of the request, where this person may edit it. */
    private static function order(): WC_Order
    {
        $orderId = isset($_POST['order_id']) ? absint($_POST['order_id']) : 0; // phpcs:ignore WordPress.Security.NonceVerification -- checked next.
        check_admin_referer(self::ACTION . $orderId, '_elmed_nonce');
        $order = wc_get_order($orderId);
        if (!$order instanceof WC_Order || !current_user_can('edit_shop_orders')) {
            wp_die(esc_html__('You may not change this order.', 'elmed-for-woocommerce'), '', array('response' => 403));
        }
        return $order;
    }

    private static function tryAgain(WC_Order $order): string
    {
        History::add($order, 'try_again');
        if (!$order->has_status('completed')) {
            return __('A dispense is reported when the order is completed.', 'elmed-for-woocommerce');
        }
        Completion::enqueue($order);
        $job = new DispenseJob();
        if (Report::ofDispense()->state($order) === Report::QUEUED) {
            $job->run($order->get_id());
        }
        if (Report::ofSale()->state($order) === Report::QUEUED) {
            (new SaleJob())->run($order->get_id());
        }
        $now = Jobs::fresh($order->get_id()) ?? $order;
        $words = array(Words::dispense(Report::ofDispense()->state($now)), Words::dispense(Report::ofSale()->state($now)));
        return implode('; ', array_filter($words)) . '.';
    }

    private static function ask(WC_Order $order): string
    {
        if (!(new Waiting())->ask($order->get_id())) {
            return __('ELMED could not be asked at the moment.', 'elmed-for-woocommerce');
        }
        return Words::release(Jobs::fresh($order->get_id()) ?? $order) . '.';
    }

    /** @param array<string, mixed> $posted */
    private static function refund(WC_Order $order, array $posted): string
    {
        $said = __('Choose an answer first.', 'elmed-for-woocommerce');
        foreach (array_keys(Refunds::open($order)) as $refundId) {
            $answer = $posted['refund_' . $refundId] ?? null;
            if (is_string($answer)) {
                $refusal = Refunds::settle($order, (int) $refundId, $answer);
                $said = $refusal ? self::refusal($refusal) : __('The answer is saved.', 'elmed-for-woocommerce');
            }
        }
        return $said;
    }

    /** Whether the order was called off between its completion and the report, and nobody has said yet if it had left. */
    public static function asksWhetherItLeft(WC_Order $order): bool
    {
        $report = Report::ofDispense();
        return $report->state($order) === Report::ATTENTION && ($report->job($order)['reason'] ?? '') === 'called_off_before_report';
    }

    private static function calledOff(WC_Order $order, bool $left): string
    {
        $report = Report::ofDispense();
        if (!self::asksWhetherItLeft($order)) {
            return __('Nothing was done.', 'elmed-for-woocommerce');
        }
        if (!$left) {
            $report->end($order, Report::DROPPED);
            Cancellation::freeLater((int) OrderState::reservationId($order), $order->get_id());
            return OrderState::reservationId($order) === null ? __('The answer is saved.', 'elmed-for-woocommerce') : __('The reservation will be given back.', 'elmed-for-woocommerce');
        }
        $report->change($order, array('left' => true, 'failures' => 0));
        $report->queue($order);
        (new DispenseJob())->run($order->get_id());
        return Words::dispense($report->state(Jobs::fresh($order->get_id()) ?? $order)) . '.';
    }

    private static function refusal(Answer $answer): string
    {
        if ($answer->code === 'reverse_in_elmed') {
            return __('This dispense was recorded by somebody else. Reverse it in ELMED, then answer "the dispense stays" here.', 'elmed-for-woocommerce');
        }
        if (Report::passing($answer) !== null) {
            return __('ELMED could not be asked at the moment; the question stays open.', 'elmed-for-woocommerce');
        }
        /* translators: %s: a code of ELMED's */
        return sprintf(__('ELMED does not reverse it any more (%s). Reverse it in ELMED if you can, then answer "the dispense stays" here.', 'elmed-for-woocommerce'), (string) $answer->code);
    }
}
