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

    public function register(): void
    {
        add_action('admin_post_' . self::ACTION, array($this, 'handle'));
    }

    public function handle(): void
    {
        $order = self::order();
        $do = isset($_POST['do']) ? sanitize_key(wp_unslash($_POST['do'])) : ''; // phpcs:ignore WordPress.Security.NonceVerification -- order() checks it.
        try {
            $said = self::act($order, $do, wp_unslash($_POST)); // phpcs:ignore WordPress.Security.NonceVerification
        } catch (\Throwable $fault) {
            Log::fault($fault, 'panel action');
            $said = array('code' => 'fault');
        }
        Said::later($said);
        wp_safe_redirect($order->get_edit_order_url());
        exit;
    }

    /**
     * Does what a button says; returns what the person who pressed it is told (Orders\Said).
     *
     * @param array<string, mixed> $posted
     * @return array<string, mixed>
     */
    public static function act(WC_Order $order, string $do, array $posted): array
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
            case 'leaves':
                return LeavesNow::say($order);
            case 'left':
            case 'stayed':
                return self::calledOff($order, $do === 'left');
            default:
                return array('code' => 'nothing');
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

    /** @return array<string, mixed> */
    private static function tryAgain(WC_Order $order): array
    {
        History::add($order, 'try_again');
        if (!$order->has_status('completed')) {
            return array('code' => 'not_completed');
        }
        Completion::enqueue($order);
        $job = new DispenseJob();
        if (Report::ofDispense()->state($order) === Report::QUEUED) {
            $job->run($order->get_id());
        }
        if (Report::ofSale()->state($order) === Report::QUEUED) {
            (new SaleJob())->run($order->get_id());
        }
        return array('code' => 'reports', 'order' => $order->get_id());
    }

    /** @return array<string, mixed> */
    private static function ask(WC_Order $order): array
    {
        if (!(new Waiting())->ask($order->get_id())) {
            return array('code' => 'not_asked');
        }
        return array('code' => 'release', 'order' => $order->get_id());
    }

    /**
     * @param array<string, mixed> $posted
     * @return array<string, mixed>
     */
    private static function refund(WC_Order $order, array $posted): array
    {
        $said = array('code' => 'choose');
        foreach (array_keys(Refunds::open($order)) as $refundId) {
            $answer = $posted['refund_' . $refundId] ?? null;
            if (is_string($answer)) {
                $refusal = Refunds::settle($order, (int) $refundId, $answer);
                $said = $refusal ? self::refusal($refusal) : array('code' => 'saved');
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

    /** @return array<string, mixed> */
    private static function calledOff(WC_Order $order, bool $left): array
    {
        $report = Report::ofDispense();
        if (!self::asksWhetherItLeft($order)) {
            return array('code' => 'nothing');
        }
        if (!$left) {
            $report->end($order, Report::DROPPED);
            Cancellation::freeLater((int) OrderState::reservationId($order), $order->get_id());
            return array('code' => OrderState::reservationId($order) === null ? 'saved' : 'will_be_freed');
        }
        $report->change($order, array('left' => true, 'failures' => 0));
        $report->queue($order);
        (new DispenseJob())->run($order->get_id());
        return array('code' => 'reports', 'order' => $order->get_id());
    }

    /** @return array<string, mixed> */
    private static function refusal(Answer $answer): array
    {
        if ($answer->code === 'reverse_in_elmed') {
            return array('code' => 'reverse_in_elmed');
        }
        return Report::passing($answer) !== null ? array('code' => 'question_stays') : array('code' => 'not_reversed', 'detail' => (string) $answer->code);
    }
}
