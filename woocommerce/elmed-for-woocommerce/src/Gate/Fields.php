<?php

/**
 * The fields in which a shopper shows the proof: on the block checkout, the classic checkout and the order-pay page.
 *
 * They appear when something in the basket needs a prescription. What is typed is health data: it goes to Gate\Given
 * for this one request and is never saved on the order or the customer.
 */

namespace Elmed\WooCommerce\Gate;

use Automattic\WooCommerce\StoreApi\Schemas\V1\CartSchema;
use Elmed\WooCommerce\Log;
use Elmed\WooCommerce\Orders\OrderState;
use WC_Order;
use WP_REST_Request;

final class Fields
{
    /** Data of the cart, by which the block checkout shows or hides the fields. */
    private const NEEDED = 'needs_prescription';

    public function register(): void
    {
        add_action('woocommerce_init', array($this, 'registerBlockFields'));
        // WooCommerce loads its blocks before other plugins start.
        did_action('woocommerce_blocks_loaded') ? $this->extendCart() : add_action('woocommerce_blocks_loaded', array($this, 'extendCart'));
        add_action('woocommerce_store_api_checkout_update_order_from_request', array($this, 'takeFromRequest'), 1, 2);
        foreach (array(Given::REFERENCE, Given::BORN, Given::SEND) as $field) {
            add_filter('woocommerce_get_default_value_for_' . $field, array($this, 'typedInThisRequest'), 10, 3);
        }
        add_filter('render_block_woocommerce/checkout', array($this, 'explainBlocks'));
        add_filter('woocommerce_checkout_fields', array($this, 'addClassicFields'), 999);
        add_action('woocommerce_after_order_notes', array($this, 'printClassicFields'));
        add_action('woocommerce_pay_order_before_payment', array($this, 'printOrderPayFields'));
    }

    public function registerBlockFields(): void
    {
        if (!function_exists('woocommerce_register_additional_checkout_field')) {
            return;
        }
        $hidden = self::cartRule(false);
        foreach (array(Given::REFERENCE => self::text('reference'), Given::BORN => self::text('born_short')) as $id => $label) {
            woocommerce_register_additional_checkout_field(
                array(
                    'id' => $id,
                    'label' => $label,
                    'location' => 'order',
                    'type' => 'text',
                    'required' => self::cartRule(true),
                    'hidden' => $hidden,
                    'show_in_order_confirmation' => false,
                    'attributes' => array('autocomplete' => 'off', 'maxLength' => '60'),
                )
            );
        }
        // A choice and no checkbox: WooCommerce prints one that was not ticked as "No" on every order's mails and pages.
        woocommerce_register_additional_checkout_field(
            array(
                'id' => Given::SEND,
                // With WooCommerce's "(optional)" it has to fit a telephone.
                'label' => __('Prescription is with', 'elmed-for-woocommerce'),
                'location' => 'order',
                'type' => 'select',
                // Without words of its own WooCommerce makes them from the label: "Select a prescription is with".
                'placeholder' => __('Please choose', 'elmed-for-woocommerce'),
                'options' => array(
                    array('value' => 'here', 'label' => __('This pharmacy, or I do not know', 'elmed-for-woocommerce')),
                    array('value' => Given::SEND_HERE, 'label' => __('No pharmacy yet. Send it to this pharmacy', 'elmed-for-woocommerce')),
                ),
                'hidden' => $hidden,
                'show_in_order_confirmation' => false,
            )
        );
    }

    /** Whether the cart needs a prescription travels with the cart, so that the fields come and go with its contents. */
    public function extendCart(): void
    {
        woocommerce_store_api_register_endpoint_data(
            array(
                'endpoint' => CartSchema::IDENTIFIER,
                'namespace' => 'elmed',
                'schema_type' => ARRAY_A,
                'data_callback' => static fn () => array(self::NEEDED => self::cartNeedsPrescription()),
                'schema_callback' => static fn () => array(
                    self::NEEDED => array(
                        'description' => __('Whether something in the cart is sold against a prescription only.', 'elmed-for-woocommerce'),
                        'type' => 'boolean',
                        'context' => array('view', 'edit'),
                        'readonly' => true,
                    ),
                ),
            )
        );
    }

    /** Takes the values off the order before it is saved. @param mixed $request */
    public function takeFromRequest(WC_Order $order, $request): void
    {
        try {
            if ($request instanceof WP_REST_Request) {
                Given::withRequest($order->get_id(), (array) ($request['additional_fields'] ?? array()));
            }
        } catch (\Throwable $fault) {
            Log::fault($fault, 'fields');
        } finally {
            foreach (array(Given::REFERENCE, Given::BORN, Given::SEND) as $field) {
                $order->delete_meta_data('_wc_other/' . $field);
            }
        }
    }

    /**
     * The block checkout gets back what it sent in this request, so that the fields do not empty under the shopper's hands.
     *
     * @param mixed $value
     * @param mixed $object
     * @return mixed
     */
    public function typedInThisRequest($value, string $group, $object)
    {
        if (!$object instanceof WC_Order || !Given::isKnown($object->get_id())) {
            return $value;
        }
        $given = Given::forOrder($object->get_id());
        $typed = array(Given::REFERENCE => $given->proof->reference, Given::BORN => $given->proof->born, Given::SEND => $given->send ? Given::SEND_HERE : null);
        return $typed[substr((string) current_filter(), strlen('woocommerce_get_default_value_for_'))] ?? $value;
    }

    /**
     * @param mixed $fields
     * @return mixed
     */
    public function addClassicFields($fields)
    {
        if (is_array($fields) && self::cartNeedsPrescription()) {
            $fields['elmed'] = self::formFields();
        }
        return $fields;
    }

    /** @param \WC_Checkout $checkout */
    public function printClassicFields($checkout): void
    {
        $fields = $checkout->get_checkout_fields('elmed');
        if (is_array($fields) && $fields) {
            self::printFields($fields);
        }
    }

    public function printOrderPayFields(): void
    {
        $order = wc_get_order(absint(get_query_var('order-pay')));
        if ($order instanceof WC_Order && Basket::ofOrder($order) && !OrderState::isLetThrough($order)) {
            self::printFields(self::formFields());
        }
    }

    private static function cartNeedsPrescription(): bool
    {
        return WC()->cart && Basket::ofCart(WC()->cart) !== array();
    }

    /** @return array<string, mixed> A JSON schema that holds when the cart does, or does not, need a prescription. */
    private static function cartRule(bool $needed): array
    {
        $data = array('type' => 'object', 'required' => array(self::NEEDED), 'properties' => array(self::NEEDED => array('const' => true)));
        $extensions = array('type' => 'object', 'required' => array('elmed'), 'properties' => array('elmed' => $data));
        $cart = array('type' => 'object', 'required' => array('extensions'), 'properties' => array('extensions' => $extensions));
        return array('cart' => $needed ? $cart : array('not' => $cart));
    }

    /** @return array<string, array<string, mixed>> */
    private static function formFields(): array
    {
        $text = array('type' => 'text', 'required' => true, 'autocomplete' => 'off', 'class' => array('form-row-wide'));
        return array(
            Given::FORM_REFERENCE => array('label' => self::text('reference')) + $text,
            // The browser's own field, in the order of days and months that the shopper is used to; it sends year, month, day.
            Given::FORM_BORN => array('label' => self::text('born'), 'type' => 'date', 'custom_attributes' => array('max' => gmdate('Y-m-d'))) + $text,
            Given::FORM_SEND => array('label' => self::text('send'), 'type' => 'checkbox', 'required' => false, 'class' => array('form-row-wide')),
        );
    }

    /** @param array<string, array<string, mixed>> $fields */
    private static function printFields(array $fields): void
    {
        echo '<div class="elmed-prescription"><h3>' . esc_html__('Your prescription', 'elmed-for-woocommerce') . '</h3>';
        echo '<p>' . esc_html(self::explanation()) . '</p>';
        foreach ($fields as $name => $field) {
            // phpcs:ignore WordPress.Security.NonceVerification.Missing -- only shown again; the form's own nonce was checked before.
            $typed = isset($_POST[$name]) && is_string($_POST[$name]) ? sanitize_text_field(wp_unslash($_POST[$name])) : '';
            woocommerce_form_field($name, $field, $typed);
        }
        echo '</div>';
    }

    /**
     * What the block checkout's fields have no room for, above it.
     *
     * @param mixed $html
     * @return mixed
     */
    public function explainBlocks($html)
    {
        if (!is_string($html) || !self::cartNeedsPrescription()) {
            return $html;
        }
        $words = self::explanation() . ' ' . __('The two fields are near the end of this page. Write the date of birth as year, month and day: 1980-04-03.', 'elmed-for-woocommerce');
        return '<p class="elmed-prescription">' . esc_html($words) . '</p>' . $html;
    }

    private static function explanation(): string
    {
        return __('Your order has an item that is sold against a prescription only. You need the prescription\'s reference, which is on the prescription and in the patient\'s ELMED account, and the patient\'s date of birth. What you enter is used for this check and not kept by the shop.', 'elmed-for-woocommerce');
    }

    private static function text(string $field): string
    {
        switch ($field) {
            case 'reference':
                return __('Prescription reference', 'elmed-for-woocommerce');
            case 'born':
                return __('Patient\'s date of birth', 'elmed-for-woocommerce');
            case 'born_short':
                // The block checkout writes it into the field, where a telephone has room for some thirty letters.
                return __('Date of birth (1980-04-03)', 'elmed-for-woocommerce');
            default:
                return __('Send it to this pharmacy, if my prescription is with no pharmacy yet', 'elmed-for-woocommerce');
        }
    }
}
