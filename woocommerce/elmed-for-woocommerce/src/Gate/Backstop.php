<?php

/**
 * Holds paid orders that came past the gate: made over REST, in wp-admin, by an import or a renewal.
 *
 * Where WooCommerce, cash on delivery, bank transfer or cheque would set a status, and where anything else saves
 * "processing" or any status that may ship (Gate\Statuses), an order with prescription lines that ELMED has not released
 * becomes on-hold. Completed by hand it stays completed: Orders\Completion shows an alert then. No call is made here.
 */

namespace Elmed\WooCommerce\Gate;

use Elmed\WooCommerce\Log;
use Elmed\WooCommerce\Orders\OrderState;
use Elmed\WooCommerce\Orders\Said;
use WC_Order;

final class Backstop
{
    /** The order whose payment is being completed. WooCommerce asks the same filter to find out whether an order is paid. */
    private ?int $beingPaid = null;
    /** @var array<int, array{0: WC_Order, 1: string}> Held before they had an id, and the status for after the release. */
    private array $unborn = array();

    public function register(): void
    {
        add_action('woocommerce_pre_payment_complete', array($this, 'paymentBegins'));
        add_filter('woocommerce_payment_complete_order_status', array($this, 'afterPayment'), 999, 3);
        foreach (array('cod', 'bacs', 'cheque') as $gateway) {
            add_filter("woocommerce_{$gateway}_process_payment_order_status", array($this, 'ofGateway'), 999, 2);
        }
        add_action('woocommerce_before_order_object_save', array($this, 'beforeSave'), 999);
        add_action('woocommerce_after_order_object_save', array($this, 'afterSave'), 1);
        add_filter('woocommerce_new_order_note_data', array($this, 'plainNote'));
    }

    /** @param mixed $orderId */
    public function paymentBegins($orderId): void
    {
        $this->beingPaid = (int) $orderId;
    }

    /**
     * @param mixed $status
     * @param mixed $orderId
     * @param mixed $order
     * @return mixed
     */
    public function afterPayment($status, $orderId, $order = null)
    {
        if ($this->beingPaid !== (int) $orderId) {
            return $status; // "on-hold" here would make every order on hold a paid one.
        }
        $this->beingPaid = null;
        $order = $order instanceof WC_Order ? $order : wc_get_order($orderId);
        $status = $this->ofGateway($status, $order);
        // WooCommerce completes at once what nobody has to send, and takes an item whose product is gone for such.
        return $status === 'completed' && $order instanceof WC_Order && OrderState::isOnPrescription($order) ? 'processing' : $status;
    }

    /**
     * @param mixed $status
     * @param mixed $order
     * @return mixed
     */
    public function ofGateway($status, $order)
    {
        // One that completes at once has not left yet.
        if (!$order instanceof WC_Order || ($status !== 'completed' && !Statuses::mayShip((string) $status)) || !self::mustWait($order)) {
            return $status;
        }
        OrderState::setStatusAfter($order, (string) $status);
        return 'on-hold';
    }

    /** Before "processing" or the like is written; WooCommerce then tells everybody about on-hold instead. @param mixed $order */
    public function beforeSave($order): void
    {
        if (!$order instanceof WC_Order) {
            return;
        }
        $status = (string) ($order->get_changes()['status'] ?? '');
        if (!Statuses::mayShip($status) || !self::mustWait($order)) {
            return;
        }
        // What is not paid, such as "ready to ship", only a person knows to be true: the release does not set it.
        if (in_array($status, wc_get_is_paid_statuses(), true)) {
            $this->rememberStatus($order, $status);
        }
        $order->set_status('on-hold', self::words());
        if (is_admin() && $order->get_id()) {
            Said::heldBack($order);
        }
    }

    /**
     * WooCommerce adds to the note what the status was before: for one that was on hold "from On hold to On hold".
     *
     * @param mixed $note
     * @return mixed
     */
    public function plainNote($note)
    {
        if (is_array($note) && strpos((string) ($note['comment_content'] ?? ''), self::words()) === 0) {
            $onHold = wc_get_order_status_name('on-hold');
            // phpcs:ignore WordPress.WP.I18n.TextDomainMismatch -- WooCommerce's own sentence.
            $said = sprintf(__('Order status changed from %1$s to %2$s.', 'woocommerce'), $onHold, $onHold);
            $note['comment_content'] = trim(str_replace($said, '', $note['comment_content']));
        }
        return $note;
    }

    private static function words(): string
    {
        return __('ELMED: held, because the prescription has not been checked and released.', 'elmed-for-woocommerce');
    }

    /** What is kept on an order is bound to its id, which it has now. @param mixed $order */
    public function afterSave($order): void
    {
        $held = $order instanceof WC_Order && $order->get_id() ? $this->unborn[spl_object_id($order)] ?? null : null;
        if ($held) {
            unset($this->unborn[spl_object_id($order)]);
            OrderState::set($order, array(OrderState::STATUS_AFTER => $held[1]));
        }
    }

    private function rememberStatus(WC_Order $order, string $status): void
    {
        if ($order->get_id()) {
            OrderState::setStatusAfter($order, $status);
        } else {
            $this->unborn[spl_object_id($order)] = array($order, $status);
        }
    }

    private static function mustWait(WC_Order $order): bool
    {
        try {
            return OrderState::mustWait($order);
        } catch (\Throwable $fault) {
            Log::fault($fault, 'backstop');
            return true;
        }
    }
}
